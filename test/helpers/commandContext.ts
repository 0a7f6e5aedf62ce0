import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { createProgram } from "../../keeper/commands/createProgram.ts";

/** What a command is given of the process, where nobody reads what it prints. */
export const CONTEXT: CommandContext = {
  env: {},
  stdout: { write: () => true },
  stderr: { write: () => true },
  isColoured: false,
  wallNow: Date.now,
  signal: new AbortController().signal,
  ended: new Promise(() => undefined),
};

/** What a command printed, and its exit status. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * `lockstep drill …` in this process.
 *
 * @param endAt it is told to end, as by Ctrl-C, when it prints this
 */
export async function runDrill(args: readonly string[], env: CommandContext["env"] = {}, endAt?: string): Promise<Ran> {
  let [code, stdout, stderr] = [-1, "", ""];
  const end = new AbortController();
  const context: CommandContext = {
    ...CONTEXT,
    env,
    signal: end.signal,
    stdout: {
      write: (text) => {
        stdout += text;
        if (endAt !== undefined && text.includes(endAt)) end.abort();
      },
    },
    stderr: { write: (text) => (stderr += text) },
  };
  const program = createProgram(context, (status) => (code = status));
  await program.parseAsync(["drill", ...args], { from: "user" });
  return { code, stdout, stderr };
}
