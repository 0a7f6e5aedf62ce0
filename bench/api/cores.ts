import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setPriority } from "node:os";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/** Processors by their numbers. */
export interface Cores {
  /** The keeper's, which has it for itself as far as this benchmark goes. */
  readonly keeper: string;
  /** Of everything else: the chain, who makes its blocks, and who asks. */
  readonly others: string;
}

/**
 * Divides what this process may run on.
 *
 * @throws KeeperError `BenchCores` where there is one core only
 */
export function divideCores(): Cores {
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  const cores = list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const [keeper, ...others] = cores;
  if (keeper === undefined || others.length === 0) {
    throw new KeeperError("BenchCores", `two cores are needed, one of them for the keeper alone; there is ${list}`);
  }
  return { keeper: String(keeper), others: others.join(",") };
}

/** Keeps this process, with all its threads and what it starts from now on, on these cores. */
export function pinTo(cores: string): void {
  execFileSync("taskset", ["--all-tasks", "--pid", "--cpu-list", cores, String(process.pid)], { stdio: "ignore" });
}

/** Lets others go first: all threads that a process has, and those that they will start. */
export function yieldToOthers(pid: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), POLITE);
}

const POLITE = 10;
