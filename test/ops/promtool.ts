import { spawn } from "node:child_process";
import { once } from "node:events";

/** What promtool said, and its exit code. */
export interface PromtoolAnswer {
  readonly code: number;
  readonly output: string;
}

/** Runs Prometheus' own checker. Rejects with ENOENT where it is not installed. */
export async function promtool(args: readonly string[], input = ""): Promise<PromtoolAnswer> {
  const child = spawn("promtool", args, { stdio: ["pipe", "pipe", "pipe"], timeout: 60_000 });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  // It may end before it has read everything.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, output };
}

/** Skips a test where promtool is missing, and says so; in CI (`CI`) that is a failure. */
export async function demandPromtool(test: Mocha.Context): Promise<void> {
  try {
    await promtool(["--version"]);
  } catch (error: unknown) {
    if (process.env["CI"] !== undefined) throw error;
    console.log("      promtool is not installed: apt-get install prometheus, or put it into the PATH");
    test.skip();
  }
}
