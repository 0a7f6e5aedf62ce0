import { Books } from "../../keeper/books/Books.ts";
import type { BookBlock } from "../../keeper/books/BookBlock.ts";
import { parseJson } from "../../keeper/chain/sources/jsonRpc.ts";
import { verifyReceipts } from "../../keeper/chain/verify/receipts.ts";
import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import type { VerifiedLog } from "../../keeper/domain/VerifiedLog.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { profileCpu } from "./CpuShares.ts";
import type { Recording } from "./Recording.ts";
import { median, type ReplayRow } from "./Row.ts";

interface Header {
  readonly hash: Hash;
  readonly parentHash: Hash;
  readonly receiptsRoot: Hash;
  readonly timestamp: string;
}

/** A block of which only the logs are missing. */
type Frame = Omit<BookBlock, "logs"> & { readonly receiptsRoot: Hash; readonly receipts: string };

/**
 * From recorded receipts to roots after each block, in one thread without I/O: once from the JSON text, parsed strictly and
 * verified against the receipts root, and once from logs that were verified before.
 *
 * @throws Error where the roots are not those that the node has
 */
export async function measureReplay(
  recording: Recording,
  { rounds, say }: { readonly rounds: number; readonly say: (line: string) => void },
): Promise<ReplayRow[]> {
  const frames = recording.blocks.map(({ header, receipts }, number): Frame => {
    const { hash, parentHash, receiptsRoot, timestamp } = JSON.parse(header) as Header;
    return { number, hash, parentHash, receiptsRoot, timestamp: Number(timestamp), receipts };
  });
  const verified = frames.map((frame) => verify(frame));
  const works = {
    "text to root": () => replay(recording, frames, verify),
    "verified logs to root": () => replay(recording, frames, (_, index) => verified[index] ?? []),
  };
  const times = { "text to root": [] as number[], "verified logs to root": [] as number[] };
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of ["text to root", "verified logs to root"] as const) {
      const ms = cpuMsOf(works[name]);
      if (round > 0) times[name].push(ms);
    }
    say(`replay: round ${round} of ${rounds}`);
  }
  const rows: ReplayRow[] = [];
  for (const name of ["text to root", "verified logs to root"] as const) {
    const profile = await profileCpu("replay", works[name]);
    const { events, accounts } = recording;
    const eventsPerSecond = (events / median(times[name])) * 1_000;
    rows.push({ kind: "replay", name, events, blocks: frames.length, accounts, eventsPerSecond, ...profile });
  }
  return rows;
}

function verify({ receipts, receiptsRoot }: Frame): VerifiedLog[] {
  const parsed = parseJson(receipts);
  assert(parsed.ok, "recorded receipts are JSON");
  return verifyReceipts(parsed.value, receiptsRoot);
}

function replay(
  { deployment, immutables, chainRoots }: Recording,
  frames: readonly Frame[],
  logsOf: (frame: Frame, index: number) => readonly VerifiedLog[],
): void {
  const books = new Books({ addresses: deployment.contracts, immutables });
  const known = new Map(chainRoots.map(({ number, roots }) => [number, roots]));
  for (const [index, frame] of frames.entries()) {
    const logs = logsOf(frame, index).filter((log) => books.concerns(log));
    const [finding] = books.apply({ ...frame, logs });
    if (finding !== undefined) throw new Error(`block ${frame.number}: ${finding.contract} ${finding.detail}`);
    const roots = books.roots();
    const expected = known.get(frame.number);
    const wrong = expected === undefined ? -1 : roots.findIndex((root, book) => root !== expected[book]);
    if (wrong >= 0)
      throw new Error(`block ${frame.number}: ${BOOK_NAMES[wrong] ?? ""} has another root than on the chain`);
  }
}

function cpuMsOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
