/** What the process gives a command; only main.ts touches the process itself. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly isColoured: boolean;
  /** Asks the person at the terminal; absent where there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** Wall-clock milliseconds. */
  readonly wallNow: () => number;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Resolves when the process is asked to end. */
  readonly ended: Promise<void>;
}
