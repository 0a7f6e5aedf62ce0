import { spawn } from "node:child_process";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/** What a program is given. */
export interface Program {
  readonly command: string;
  readonly parameters: readonly string[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const LINES_KEPT = 20;

/**
 * Runs a program to its end and returns what it wrote. It is ended, with what it started, by the deadline, by the signal, and
 * with this process.
 *
 * @throws KeeperError `BenchProgram` with the last lines of its stderr
 */
export async function runProgram({ command, parameters, deadlineMs, signal }: Program): Promise<string> {
  const child = spawn(command, [...parameters], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => err.push(text));
  const end = (): void => killGroup(child.pid);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  deadline.addEventListener("abort", end, { once: true });
  process.once("exit", end);
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("error", (error) => {
    err.push(error.message);
    resolve(null);
  });
  child.once("close", resolve);
  const code = await promise;
  deadline.removeEventListener("abort", end);
  process.off("exit", end);
  if (code === 0) return out.join("");
  signal.throwIfAborted();
  const why = deadline.aborted ? `took more than ${deadlineMs / 1_000} s` : `ended with ${code ?? "a signal"}`;
  const tail = err.join("").trim().split("\n").slice(-LINES_KEPT).join("\n");
  throw new KeeperError("BenchProgram", `${[command, ...parameters].join(" ")} ${why}:\n${tail}`);
}

/** Its own group: what it started ends with it. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
