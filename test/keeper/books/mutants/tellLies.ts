import { Books } from "../../../../keeper/books/Books.ts";
import type { BookBlock, BookLog } from "../../../../keeper/books/BookBlock.ts";
import { EVENTS } from "../../../../keeper/books/naive/events.ts";
import { BOOK_NAMES, type BookAddresses, type BookName } from "../../../../keeper/domain/bookSet.ts";
import type { Finding } from "../../../../keeper/domain/Finding.ts";
import { RING } from "../../../../keeper/books/reducers/checkpoints/ring.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import { after, alterationsOf, replaceValues, type Alteration, type Before } from "./alterLogs.ts";
import type { Lie, Recording } from "./Recording.ts";

/** Lies of a kind: more show the same, mostly. */
const SAME = 3;
/** The same whatever events they are among. */
const OFTEN = 12;
/** Attempts at a lie in blocks of the same events. */
const ATTEMPTS = 6;
/** Rounds of correcting results: one may depend on another. */
const MAX_ROUNDS = 6;
const MISCOMPUTED = /^\w+\.(\w+) says (.*), its inputs imply (.*)$/;

/**
 * The recordings with lies of their blocks to which the reducers as they are object: a log with one value changed, left out,
 * or doubled, or the time of the block another one; and the same with every other result as it follows from that. Of those
 * that are objected to in the same words only the first few.
 */
export function tellLies(recordings: readonly Recording[]): Recording[] {
  const [tried, told] = [new Map<string, number>(), new Map<string, number>()];
  return recordings.map((recording) => {
    const lies = [...recording.lies, ...liesOf(recording, tried, told)];
    return { ...recording, lies: lies.sort((a, b) => a.at - b.at) };
  });
}

type Counts = Map<string, number>;

/** Counts one more, unless there are as many as may be. */
function takes(counts: Counts, key: string, most: number): boolean {
  const count = counts.get(key) ?? 0;
  if (count >= most) return false;
  counts.set(key, count + 1);
  return true;
}

function liesOf({ addresses, immutables, blocks }: Recording, tried: Counts, told: Counts): Lie[] {
  const books = new Books({ addresses, immutables, undoDepth: 4 });
  const lies: Lie[] = [];
  let before: Before = new Map();
  for (const [at, { pokes, block }] of blocks.entries()) {
    for (const [book, slot, value] of pokes) books.trie(book).set(slot, value);
    const names = [...new Set(block.logs.map((log) => nameOf(log, addresses)))].join();
    for (const alteration of alterationsOf(block, addresses, before)) {
      if (!takes(tried, `${alteration.what} in ${names}`, ATTEMPTS)) continue;
      for (const { logs, timestamp } of new Set([alteration.block, corrected(books, alteration)])) {
        const findings = books.apply({ ...block, timestamp, logs });
        const words = `${alteration.what}: ${findings.map(inShort).join("; ")}`;
        const isNew =
          findings.length > 0 &&
          takes(told, `${names} ${words}`, findings.length === 1 ? SAME : 1) &&
          takes(told, words, OFTEN);
        if (isNew) {
          const contracts = [...new Set([...alteration.books, ...findings.map(({ contract }) => contract)])];
          lies.push({ at, logs, timestamp, what: alteration.what, contracts });
        }
        books.undo();
      }
    }
    books.apply(block);
    before = after(before, block, addresses);
  }
  return lies;
}

function nameOf(log: BookLog, addresses: BookAddresses): string {
  const book = BOOK_NAMES.find((name) => addresses[name] === log.address);
  return (book && EVENTS[book].parseLog(log)?.name) ?? "";
}

/** Without numbers and hashes. */
function inShort({ contract, cause, detail }: Finding): string {
  return `${contract} ${cause} ${detail.replaceAll(/0x[0-9a-f]*|-?\d+/g, "…")}`;
}

/**
 * That the last reward was paid for the oldest checkpoint, which is due none, and was one: the smallest that there is. Of a
 * recording in which the oldest was not paid.
 */
export function lieOfOldest({ addresses, immutables, blocks }: Recording): Lie {
  const books = new Books({ addresses, immutables, undoDepth: 4 });
  const valueOf = (block: BookBlock, name: string, field: string): bigint | null => {
    const log = block.logs.find((other) => nameOf(other, addresses) === name);
    return log === undefined ? null : (EVENTS.CheckpointRegistry.parseLog(log)!.args.getValue(field) as bigint);
  };
  const posted = blocks.flatMap(({ block }) => valueOf(block, "CheckpointPosted", "blockNumber") ?? []);
  const at = blocks.findLastIndex(({ block }) => valueOf(block, "RewardPaid", "amount") !== null);
  for (const { block } of blocks.slice(0, at)) books.apply(block);
  const { block } = blocks[at]!;
  const values = new Map([
    [valueOf(block, "RewardPaid", "amount"), 1n],
    [valueOf(block, "RewardPaid", "blockNumber"), posted.at(-Number(RING))],
  ]);
  const { logs, timestamp } = corrected(books, replaceValues(block, addresses, values));
  return { at, logs, timestamp, what: "the oldest checkpoint is paid for", contracts: ["CheckpointRegistry"] };
}

/** The block with every result that is not part of the lie as the reducers imply it; the same one where there is none. */
function corrected(books: Books, { block, kept }: Alteration): BookBlock {
  let next = block;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const findings = books.apply(next);
    books.undo();
    const logs = [...next.logs];
    let isChanged = false;
    for (const { contract, logIndex, cause, detail } of findings) {
      const match = cause === "miscomputed" ? MISCOMPUTED.exec(detail) : null;
      const at = logs.findIndex((log) => log.logIndex === logIndex);
      const log = logs[at];
      if (match === null || log === undefined || kept.has(`${logIndex} ${match[1]}`)) continue;
      const other = withField(log, contract, match[1]!, match[3]!);
      if (other === null) continue;
      logs[at] = other;
      isChanged = true;
    }
    if (!isChanged) return next;
    next = { ...next, logs };
  }
  return next;
}

/** Null where the value does not fit into the event. */
function withField(log: BookLog, book: BookName, field: string, value: string): BookLog | null {
  const event = EVENTS[book].parseLog(log);
  const index = event?.fragment.inputs.findIndex(({ name }) => name === field) ?? -1;
  if (event === null || index < 0) return null;
  const { type } = event.fragment.inputs[index]!;
  try {
    const plain = type === "bool" ? value === "true" : type.includes("int") ? BigInt(value) : value;
    const args = (event.args.toArray(true) as unknown[]).with(index, plain);
    const { topics, data } = EVENTS[book].encodeEventLog(event.fragment, args);
    return { ...log, topics: topics as Hash[], data: data as Hex };
  } catch {
    return null;
  }
}
