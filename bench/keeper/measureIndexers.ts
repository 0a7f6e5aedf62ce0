import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { installPeers, PEERS } from "../installPeers.ts";
import { jobOf } from "./indexJob.ts";
import type { RecordedChain } from "./recordChain.ts";
import { median, type IndexRow } from "./Row.ts";
import { runProgram } from "./runProgram.ts";

/** What an indexer says of its run. */
interface Said {
  readonly seconds: number;
  readonly handled: number;
  readonly total: string;
  readonly cpuSeconds: number | null;
  /** Lockstep's only. */
  readonly roots?: readonly Hash[];
}

interface Indexer {
  readonly system: string;
  readonly job: string;
  /** @param folder an empty one for what it writes */
  readonly parameters: (job: string, folder: string) => string[];
}

export interface IndexersOptions {
  readonly withPeers: boolean;
  readonly rounds: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const DEADLINE_MS = 180_000;

const LOCKSTEP: Indexer = {
  system: "lockstep",
  job: "every block verified, every rule judged, ten roots after every block",
  parameters: (job) => [fileURLToPath(new URL("catchUp.ts", import.meta.url)), job],
};

const INDEXERS: readonly Indexer[] = [
  {
    system: "@subsquid/evm-processor 1.27.3",
    job: "events decoded, newest values of each account in memory; no root",
    parameters: (job) => [join(PEERS, "sqd.js"), job],
  },
  {
    system: "ponder 0.16.10",
    job: "events decoded, newest values of each account in PGlite; no root",
    parameters: (job, folder) => [join(PEERS, "ponder.js"), job, folder],
  },
];

/**
 * How fast the recorded chain is taken in from the node that made it, by Lockstep's parts and by indexers from npm: programs of
 * their own that take turns, none of whose start is counted. All must arrive at the same sum of balances, Lockstep at the
 * chain's roots as well.
 */
export async function measureIndexers(
  { node, recording }: RecordedChain,
  { withPeers, rounds, say, signal }: IndexersOptions,
): Promise<IndexRow[]> {
  if (withPeers) await installPeers(say, signal);
  const indexers = withPeers ? [LOCKSTEP, ...INDEXERS] : [LOCKSTEP];
  const folder = await mkdtemp(join(tmpdir(), "lockstep-bench-"));
  const runs = new Map(indexers.map(({ system }) => [system, [] as Said[]]));
  try {
    const job = join(folder, "job.json");
    await writeFile(job, JSON.stringify(jobOf(node.url, recording)));
    for (let round = 1; round <= rounds; round += 1) {
      for (const { system, parameters } of indexers) {
        const own = join(folder, `${runs.get(system)?.length ?? 0}-${system.replace(/\W+/g, "-")}`);
        const options = {
          command: process.execPath,
          parameters: parameters(job, own),
          deadlineMs: DEADLINE_MS,
          signal,
        };
        const said = readSaid(await runProgram(options));
        say(`index: ${system}: ${said.handled} events in ${said.seconds.toFixed(1)} s (${round} of ${rounds})`);
        runs.get(system)?.push(said);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const all = [...runs.values()].flat();
  checkTotals(all);
  checkRoots(all, recording.chainRoots.at(-1)?.roots ?? []);
  return indexers.map(({ system, job }) => {
    const own = runs.get(system) ?? [];
    const [seconds, events] = [median(own.map((run) => run.seconds)), own[0]?.handled ?? 0];
    const cpu = own.map(({ cpuSeconds }) => cpuSeconds).filter((spent) => spent !== null);
    const figures = {
      events,
      seconds,
      eventsPerSecond: events / seconds,
      cpuSeconds: cpu.length > 0 ? median(cpu) : null,
    };
    return { kind: "index", system, job, ...figures, total: own[0]?.total ?? null };
  });
}

/** The last line that it wrote: what comes before is a library's. */
function readSaid(output: string): Said {
  const line = output.trim().split("\n").at(-1) ?? "";
  return JSON.parse(line) as Said;
}

function checkTotals(all: readonly Said[]): void {
  const totals = new Set(all.map(({ total }) => total));
  if (totals.size === 1) return;
  throw new KeeperError("BenchDisagreement", `the balances sum up to ${[...totals].join(" and to ")}`);
}

function checkRoots(all: readonly Said[], chain: readonly Hash[]): void {
  const isWrong = all.some(({ roots }) => roots !== undefined && roots.join() !== chain.join());
  if (isWrong) throw new KeeperError("BenchDisagreement", "Lockstep arrives at other roots than the chain's");
}
