import { expect } from "chai";

import { verifyReceipts } from "../../../../keeper/chain/verify/receipts.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import {
  readMainnetHeader,
  readReceipts,
  type LogFixture,
  type ReceiptFixture,
} from "../../../fixtures/mainnet/chainData.ts";
import { expectRefusal } from "./expectRefusal.ts";

const RECEIPTS = readReceipts();
const ROOT = readMainnetHeader(21_925_176).header["receiptsRoot"] as Hash;

/** Where a log stands: its receipt, and its place in it. */
interface Place {
  readonly receipt: number;
  readonly at: number;
}

const PLACES: readonly Place[] = RECEIPTS.flatMap(({ logs }, receipt) => logs.map((_, at) => ({ receipt, at })));

function logAt({ receipt, at }: Place): LogFixture {
  return RECEIPTS[receipt]!.logs[at]!;
}

/** The receipts with other logs in one of them. */
function withLogs(receipts: readonly ReceiptFixture[], index: number, logs: readonly LogFixture[]): ReceiptFixture[] {
  return receipts.with(index, { ...receipts[index]!, logs });
}

function replaceLog(receipts: readonly ReceiptFixture[], { receipt, at }: Place, log: LogFixture): ReceiptFixture[] {
  return withLogs(receipts, receipt, receipts[receipt]!.logs.with(at, log));
}

/** What the root commits to of a log. */
function contentOf({ address, topics, data }: LogFixture): string {
  return [address, ...topics, data].join();
}

/** Hex with one bit of it changed; a byte where there was none. */
function flipBit(hex: Hex, random: SeededRandom): Hex {
  if (hex === "0x") return "0x00";
  const place = 2 + random.below(hex.length - 2);
  const digit = Number.parseInt(hex.charAt(place), 16) ^ (1 << random.below(4));
  return `${hex.slice(0, place)}${digit.toString(16)}${hex.slice(place + 1)}` as Hex;
}

/** One bit of the log's address, of one of its topics or of its data is another, or one of them is missing or too many. */
function editLog(log: LogFixture, random: SeededRandom): LogFixture {
  const part = random.below(6);
  const topic = random.below(Math.max(1, log.topics.length));
  if (part === 0) return { ...log, address: flipBit(log.address, random) };
  if (part === 1) return { ...log, data: flipBit(log.data, random) };
  if (part === 2) return { ...log, data: log.data === "0x" || random.bool() ? `${log.data}00` : "0x" };
  if (part === 3 && log.topics.length < 4) return { ...log, topics: [...log.topics, ROOT] };
  if (log.topics.length === 0) return { ...log, topics: [ROOT] };
  if (part === 4) return { ...log, topics: log.topics.toSpliced(topic, 1) };
  return { ...log, topics: log.topics.with(topic, flipBit(log.topics[topic]!, random)) };
}

/** The next log in the block, around its end, whose content is another. */
function nextDifferent(index: number): Place {
  for (let step = 1; step < PLACES.length; step += 1) {
    const place = PLACES[(index + step) % PLACES.length]!;
    if (contentOf(logAt(place)) !== contentOf(logAt(PLACES[index]!))) return place;
  }
  throw new Error("all logs of the block are equal");
}

describe("each of the 463 logs of a mainnet block", function () {
  this.timeout(60_000);
  const refuses = (receipts: readonly unknown[], what: string): void => {
    expectRefusal(() => verifyReceipts(receipts, ROOT), ["ReceiptsRootMismatch"], what);
  };

  before(() => {
    expect(PLACES).to.have.length(463);
    expect(verifyReceipts(RECEIPTS, ROOT)).to.have.length(463);
  });

  it("is missed where it is dropped", () => {
    for (const { receipt, at } of PLACES) {
      const logs = RECEIPTS[receipt]!.logs.toSpliced(at, 1);
      refuses(withLogs(RECEIPTS, receipt, logs), `log ${at} of receipt ${receipt} dropped`);
    }
  });

  it("is noticed where it is added once more, or another of the block's is added before it", () => {
    const random = new SeededRandom(chooseSeed(21_925_177));
    for (const { receipt, at } of PLACES) {
      const added = logAt(random.bool() ? { receipt, at } : PLACES[random.below(PLACES.length)]!);
      const logs = RECEIPTS[receipt]!.logs.toSpliced(at, 0, added);
      refuses(withLogs(RECEIPTS, receipt, logs), `log added before log ${at} of receipt ${receipt}`);
    }
  });

  it("is noticed where one bit, topic or byte of it is another", () => {
    const random = new SeededRandom(chooseSeed(21_925_178));
    for (const place of PLACES) {
      const log = editLog(logAt(place), random);
      expect(contentOf(log)).to.not.equal(contentOf(logAt(place)));
      refuses(replaceLog(RECEIPTS, place, log), JSON.stringify({ place, log }));
    }
  });

  it("is noticed where it is swapped with the next one that differs", () => {
    for (const [index, place] of PLACES.entries()) {
      const other = nextDifferent(index);
      const swapped = replaceLog(replaceLog(RECEIPTS, place, logAt(other)), other, logAt(place));
      refuses(swapped, JSON.stringify({ place, other }));
    }
  });

  it("is noticed where the last or first of a receipt is moved to its neighbour, at every boundary", () => {
    let moves = 0;
    for (let index = 0; index + 1 < RECEIPTS.length; index += 1) {
      const [left, right] = [RECEIPTS[index]!.logs, RECEIPTS[index + 1]!.logs];
      const moved: [from: readonly LogFixture[], to: readonly LogFixture[]][] = [];
      if (left.length > 0) moved.push([left.slice(0, -1), [left.at(-1)!, ...right]]);
      if (right.length > 0) moved.push([[...left, right[0]!], right.slice(1)]);
      for (const [first, second] of moved) {
        refuses(withLogs(withLogs(RECEIPTS, index, first), index + 1, second), `between ${index} and ${index + 1}`);
        moves += 1;
      }
    }
    expect(moves).to.be.above(200);
  });

  it("is noticed where its receipt stands in another place", () => {
    for (let index = 0; index + 1 < RECEIPTS.length; index += 1) {
      const [left, right] = [RECEIPTS[index]!, RECEIPTS[index + 1]!];
      refuses(RECEIPTS.with(index, right).with(index + 1, left), `receipts ${index} and ${index + 1} swapped`);
    }
    refuses(RECEIPTS.toReversed(), "all receipts in reverse");
    refuses([...RECEIPTS.slice(1), RECEIPTS[0]!], "the first receipt as the last");
  });
});
