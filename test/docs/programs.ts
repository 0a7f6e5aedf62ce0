import { spawn, type ChildProcess } from "node:child_process";

import { ROOT } from "./documents.ts";

/** What a program printed, and its exit status. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that goes on. */
export interface Running {
  readonly child: ChildProcess;
  /** Until a line on stdout fits, which is given back; rejects when the program ends before. */
  line(pattern: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
}

const SETTINGS = /^LOCKSTEP_/;

/** Starts a program of the repository in its root, with no setting of this process's environment. */
export function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !SETTINGS.test(name));
  const child = spawn(command, args, {
    ...{ cwd: ROOT, env: { ...Object.fromEntries(inherited), ...env }, stdio: ["pipe", "pipe", "pipe"] },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  ended.catch(() => undefined);
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = stdout.split("\n").find((candidate) => pattern.test(candidate));
        if (found !== undefined) resolve(found);
      };
      look();
      child.stdout.on("data", look);
      ended.then(() => reject(new Error(`${command} ended without ${pattern.source}: ${stdout}\n${stderr}`)), reject);
    });
  return { child, line, ended };
}

/** Runs a program of the repository to its end. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Promise<Ended> {
  const { child, ended } = start(command, args, options.env);
  child.stdin?.end(options.input ?? "");
  return await ended;
}
