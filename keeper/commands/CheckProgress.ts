import type { CommandContext } from "./CommandContext.ts";

/** Between two lines. On a terminal there is one line, which is drawn again. */
const LINE_GAP_MS = 5_000;
const DRAW_GAP_MS = 100;
const CLEAR_LINE = "\r\u001b[2K";

/** Tells somebody who waits how far it is, on stderr: in one line of a terminal, else in a line now and then. */
export class CheckProgress {
  readonly #context: CommandContext;
  readonly #now: () => number;
  #saidAtMs: number;
  #isDrawn = false;

  /** @param now monotonic milliseconds. What ends soon says nothing: the first line comes after the first gap */
  constructor(context: CommandContext, now: () => number) {
    this.#context = context;
    this.#now = now;
    this.#saidAtMs = now();
  }

  see(text: string): void {
    const { isColoured, stderr } = this.#context;
    if (this.#now() - this.#saidAtMs < (isColoured ? DRAW_GAP_MS : LINE_GAP_MS)) return;
    this.#saidAtMs = this.#now();
    this.#isDrawn = isColoured;
    stderr.write(isColoured ? `${CLEAR_LINE}${text}` : `${text}\n`);
  }

  /** Takes the line away, for what is said next. */
  end(): void {
    if (this.#isDrawn) this.#context.stderr.write(CLEAR_LINE);
  }
}
