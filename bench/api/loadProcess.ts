import { readFileSync } from "node:fs";

import { askSteadily, type Answered } from "./askSteadily.ts";
import { listen, type Listened } from "./listen.ts";
import type { Known } from "./requestMix.ts";

/** What to ask a keeper's API for, and how often. */
export interface LoadJob {
  readonly url: string;
  readonly known: Known;
  /** Requests a second. */
  readonly rate: number;
  /** Event streams that are open all the while. */
  readonly streams: number;
  /** Milliseconds before anything counts, and those that count. */
  readonly warmMs: number;
  readonly countedMs: number;
  readonly seed: number;
}

/** What came of it. */
export interface LoadResult {
  readonly answered: readonly Answered[];
  /** Processor time that asking took, as a part of the time. */
  readonly askerShare: number;
  /** Null without streams. */
  readonly listened: Listened | null;
}

/**
 * Whoever asks the API in the benchmark, as a process of its own: its argument is the path of a `LoadJob`, what it writes is a
 * `LoadResult`.
 */
const job = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as LoadJob;
const [startMs, before] = [performance.now(), process.cpuUsage()];
const streams = job.streams === 0 ? null : await listen(job.url, job.streams);
const answered = await askSteadily(job);
const { user, system } = process.cpuUsage(before);
const askerShare = (user + system) / 1_000 / (performance.now() - startMs);
const result: LoadResult = { answered, askerShare, listened: streams?.end() ?? null };
process.stdout.write(JSON.stringify(result), () => process.exit());
