import { assert } from "../../keeper/lib/assert.ts";
import { profileCpu } from "./CpuShares.ts";
import { GrowingBooks } from "./GrowingBooks.ts";
import { KeeperDriver, PAUSE_KEY, type VerdictCost } from "./KeeperDriver.ts";
import type { Head } from "./OwnChain.ts";
import type { Recording } from "./Recording.ts";
import { median, quantile, type VerdictRow } from "./Row.ts";

/** Of the blocks at each size: warm-up, and a profile, which slows everything down. The rest is measured. */
const WARM_BLOCKS = 10;
const PROFILED_BLOCKS = 30;

/** What is measured of the verdict. */
export interface VerdictOptions {
  /** Words in the books, ascending. */
  readonly sizes: readonly number[];
  /** Blocks that the books hold before anything is measured. */
  readonly blocksHeld: number;
  readonly say: (line: string) => void;
}

/**
 * From the bytes of the answers to the verdict, at several sizes of the books. One keeper goes through all sizes: the
 * recording's real blocks, then deposits up to a size, then a part of the recording's blocks of trades.
 */
export async function measureVerdict(recording: Recording, options: VerdictOptions): Promise<VerdictRow[]> {
  const { sizes, blocksHeld, say } = options;
  const books = new GrowingBooks(recording, [PAUSE_KEY]);
  const driver = new KeeperDriver(recording, books.chain);
  driver.open();
  followAll(driver, books.realBlocks(), (done) => say(`verdict: ${done} real blocks`));
  followAll(driver, books.emptyBlocks(blocksHeld), (done) => say(`verdict: ${done} of ${blocksHeld} blocks held`));
  const trades = books.trades();
  const perSize = Math.floor((recording.blocks.length - recording.tradesFrom) / sizes.length);
  const rows: VerdictRow[] = [];
  for (const size of sizes) {
    followAll(driver, books.deposits(size), () => say(`verdict: ${books.slots} of ${size} slots`));
    const samples: Sample[] = [];
    const take = (count: number): void => {
      for (let taken = 0; taken < count; taken += 1) {
        const next = trades.next();
        if (next.done === true) return;
        const head = next.value;
        samples.push({ ...driver.measure(head), changed: head.changed, events: head.events });
      }
    };
    take(WARM_BLOCKS);
    const profile = await profileCpu("measure", () => take(Math.min(PROFILED_BLOCKS, perSize >> 1)));
    samples.length = 0;
    take(perSize - WARM_BLOCKS - Math.min(PROFILED_BLOCKS, perSize >> 1));
    const row = { ...rowOf(samples, books.slots), blocksHeld, ...profile };
    say(`verdict at ${row.slots} slots: ${row.medianCpuMs.toFixed(2)} ms of processor time`);
    rows.push(row);
  }
  assertEqualRoots(books, driver);
  return rows;
}

type Sample = VerdictCost & { readonly changed: number; readonly events: number };

function followAll(driver: KeeperDriver, heads: Iterable<Head>, say: (done: number) => void): void {
  let done = 0;
  for (const head of heads) {
    const verdict = driver.follow(head);
    assert(verdict === "InSync" || head.number <= 1, `block ${head.number} is ${verdict ?? "without a verdict"}`);
    done += 1;
    if (done % 100 === 0) say(done);
  }
}

function rowOf(samples: readonly Sample[], slots: number): Omit<VerdictRow, "blocksHeld" | "shares" | "hottest"> {
  const wrong = samples.find(({ verdict }) => verdict !== "InSync");
  assert(
    wrong === undefined && samples.length > 0,
    `every block is in sync, not ${wrong?.verdict ?? "without a verdict"}`,
  );
  const all = (name: keyof Omit<Sample, "verdict">): number[] => samples.map((sample) => sample[name]);
  return {
    kind: "verdict",
    slots,
    ...{ changedSlots: median(all("changed")), events: median(all("events")), answerBytes: median(all("bytes")) },
    samples: samples.length,
    ...{ medianCpuMs: median(all("cpuMs")), p99CpuMs: quantile(all("cpuMs"), 0.99) },
    ...{ medianMs: median(all("totalMs")), p99Ms: quantile(all("totalMs"), 0.99) },
    ...{ lastAnswerMs: median(all("lastMs")), firstAnswerMs: median(all("headerMs")) },
  };
}

function assertEqualRoots(books: GrowingBooks, driver: KeeperDriver): void {
  const [own, theirs] = [books.books.roots(), driver.keeper.books.roots()];
  assert(
    own.every((root, index) => root === theirs[index]),
    "the keeper's books have the chain's roots",
  );
}
