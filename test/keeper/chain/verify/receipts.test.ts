import { expect } from "chai";

import { orderedTrieRoot } from "../../../../keeper/chain/verify/orderedTrieRoot.ts";
import { verifyReceipts } from "../../../../keeper/chain/verify/receipts.ts";
import { concatBytes } from "../../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../../keeper/lib/hex.ts";
import { encodeRlp, type RlpInput } from "../../../../keeper/lib/rlp.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import {
  readMainnetHeader,
  readReceipts,
  type LogFixture,
  type ReceiptFixture,
} from "../../../fixtures/mainnet/chainData.ts";
import { plainTrieRoot } from "../../trie/referenceTrie.ts";
import { expectRefusal } from "./expectRefusal.ts";

const SEED = 21_925_176;
const RECEIPTS = readReceipts();
const HEADER = readMainnetHeader(21_925_176).header;
const ROOT = HEADER["receiptsRoot"] as Hash;

function flipLastDigit(hex: Hex): Hex {
  return `${hex.slice(0, -1)}${(Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16)}` as Hex;
}

/** The receipts with one of them replaced. */
function withReceipt(index: number, change: (receipt: ReceiptFixture) => object): unknown[] {
  return RECEIPTS.with(index, change(RECEIPTS[index]!) as ReceiptFixture);
}

/** The receipts with the logs of one replaced. */
function withLogs(index: number, change: (logs: readonly LogFixture[]) => readonly unknown[]): unknown[] {
  return withReceipt(index, (receipt) => ({ ...receipt, logs: change(receipt.logs) }));
}

describe(`verify receipts (seed ${SEED})`, function () {
  this.timeout(60_000);
  const withSomeLogs = RECEIPTS.flatMap(({ logs }, index) => (logs.length > 0 ? [index] : []));
  const withTwoLogs = RECEIPTS.flatMap(({ logs }, index) => (logs.length > 1 ? [index] : []));

  describe("of a real block", () => {
    it("rebuilds the root and returns every log in its place", () => {
      const logs = verifyReceipts(RECEIPTS, ROOT);
      const expected = RECEIPTS.flatMap((receipt) => {
        return receipt.logs.map(({ address, topics, data, logIndex }, logPositionInTransaction) => ({
          address,
          topics,
          data,
          transactionHash: receipt.transactionHash,
          transactionIndex: Number(receipt.transactionIndex),
          logIndex: Number(logIndex),
          logPositionInTransaction,
        }));
      });
      expect(expected).to.have.length(463);
      expect(logs).to.deep.equal(expected);
    });

    it("counts positions itself, whatever the answer claims", () => {
      const claimed = RECEIPTS.map((receipt) => ({
        ...receipt,
        transactionIndex: "0x0",
        logs: receipt.logs.map((log) => ({ ...log, logIndex: "0x0", transactionIndex: "0x7", removed: true })),
      }));
      expect(verifyReceipts(claimed, ROOT)).to.deep.equal(verifyReceipts(RECEIPTS, ROOT));
    });

    it("takes upper-case digits and returns lower-case ones", () => {
      const shouted: unknown = JSON.parse(
        JSON.stringify(RECEIPTS).replace(/0x[0-9a-f]+/g, (hex) => `0x${hex.slice(2).toUpperCase()}`),
      );
      expect(verifyReceipts(shouted, ROOT)).to.deep.equal(verifyReceipts(RECEIPTS, ROOT));
    });
  });

  describe("of a changed block", () => {
    const random = new SeededRandom(SEED);
    const pick = (indices: readonly number[]): number => indices[random.below(indices.length)]!;
    const changes: Record<string, () => unknown[]> = {
      "a log dropped": () => withLogs(pick(withSomeLogs), (logs) => logs.toSpliced(random.below(logs.length), 1)),
      "a log repeated": () => withLogs(pick(withSomeLogs), (logs) => [...logs, logs[random.below(logs.length)]!]),
      "a log of another transaction added": () => {
        return withLogs(random.below(RECEIPTS.length), (logs) => [...logs, RECEIPTS[pick(withSomeLogs)]!.logs[0]!]);
      },
      "two different logs swapped": () => {
        return withLogs(pick(withTwoLogs), ([first, second, ...rest]) => {
          // Swapping equal neighbours would be no change: then one of them goes.
          const contentOf = (log: LogFixture): string => [log.address, ...log.topics, log.data].join();
          return contentOf(first!) === contentOf(second!) ? [second!, ...rest] : [second!, first!, ...rest];
        });
      },
      "a log moved to the next transaction": () => {
        const index = pick(withSomeLogs.filter((at) => at + 1 < RECEIPTS.length));
        const [moved, ...rest] = RECEIPTS[index]!.logs;
        const next = RECEIPTS[index + 1]!;
        return RECEIPTS.with(index, { ...RECEIPTS[index]!, logs: rest }).with(index + 1, {
          ...next,
          logs: [moved!, ...next.logs],
        });
      },
      "an address changed": () => {
        return withLogs(pick(withSomeLogs), ([log, ...rest]) => [
          { ...log!, address: flipLastDigit(log!.address) },
          ...rest,
        ]);
      },
      "a topic changed": () => {
        return withLogs(pick(withSomeLogs), ([log, ...rest]) => {
          return [{ ...log!, topics: log!.topics.length === 0 ? [ROOT] : log!.topics.map(flipLastDigit) }, ...rest];
        });
      },
      "a topic dropped or added": () => {
        return withLogs(pick(withSomeLogs), ([log, ...rest]) => {
          return [{ ...log!, topics: log!.topics.length < 4 ? [...log!.topics, ROOT] : log!.topics.slice(1) }, ...rest];
        });
      },
      "data lengthened": () => {
        return withLogs(pick(withSomeLogs), ([log, ...rest]) => [{ ...log!, data: `${log!.data}00` }, ...rest]);
      },
      "a receipt dropped": () => RECEIPTS.toSpliced(random.below(RECEIPTS.length), 1),
      "a receipt repeated": () => RECEIPTS.toSpliced(random.below(RECEIPTS.length), 0, RECEIPTS[0]!),
      "two receipts swapped": () => {
        const index = random.below(RECEIPTS.length - 1);
        return RECEIPTS.with(index, RECEIPTS[index + 1]!).with(index + 1, RECEIPTS[index]!);
      },
      "a status changed": () => {
        return withReceipt(random.below(RECEIPTS.length), (receipt) => ({
          ...receipt,
          status: flipLastDigit(receipt.status),
        }));
      },
      "a type changed": () => {
        return withReceipt(random.below(RECEIPTS.length), (receipt) => ({
          ...receipt,
          type: receipt.type === "0x2" ? "0x1" : "0x2",
        }));
      },
      "cumulative gas changed": () => {
        return withReceipt(random.below(RECEIPTS.length), (receipt) => {
          return { ...receipt, cumulativeGasUsed: flipLastDigit(receipt.cumulativeGasUsed) };
        });
      },
      "a bloom changed": () => {
        return withReceipt(random.below(RECEIPTS.length), (receipt) => ({
          ...receipt,
          logsBloom: flipLastDigit(receipt.logsBloom),
        }));
      },
    };
    for (const [name, change] of Object.entries(changes)) {
      it(`refuses ${name}`, () => {
        for (let count = 0; count < 4; count += 1) {
          expectRefusal(() => verifyReceipts(change(), ROOT), ["ReceiptsRootMismatch"], name);
        }
      });
    }

    it("refuses another root, and no receipts at all", () => {
      const bytes = hexToBytes(ROOT);
      for (let bit = 0; bit < 256; bit += 37) {
        const other = bytes.slice();
        other[bit >> 3]! ^= 1 << (bit & 7);
        expectRefusal(() => verifyReceipts(RECEIPTS.slice(0, 9), bytesToHex(other)), ["ReceiptsRootMismatch"]);
      }
      expectRefusal(() => verifyReceipts([], ROOT), ["ReceiptsRootMismatch"]);
    });
  });

  describe("of a malformed answer", () => {
    const bad = [undefined, null, 1, true, {}, "", "0x", "0xzz", "0x0g", "12", [1], "0x012", `0x${"1".repeat(600)}`];

    it("refuses what is no list of receipts", () => {
      for (const value of [undefined, null, {}, "0x", 7, { length: 2 }]) {
        expectRefusal(() => verifyReceipts(value, ROOT), ["ReceiptMalformed"]);
      }
      for (const value of [undefined, null, 1, "0x", [], {}]) {
        expectRefusal(() => verifyReceipts([value], ROOT), ["ReceiptMalformed"]);
      }
      expectRefusal(() => verifyReceipts(new Array(3), ROOT), ["ReceiptMalformed"]);
    });

    it("refuses fields that are missing or of another type", () => {
      for (const field of ["type", "status", "cumulativeGasUsed", "logsBloom", "logs", "transactionHash"]) {
        for (const value of bad) {
          if (field === "type" && (value === undefined || value === null)) continue;
          const receipts = [{ ...RECEIPTS[0]!, [field]: value }];
          expectRefusal(() => verifyReceipts(receipts, ROOT), ["ReceiptMalformed"], `${field} = ${String(value)}`);
        }
      }
      for (const field of ["address", "topics", "data"]) {
        for (const value of bad) {
          if (field === "data" && (value === "0x" || value === `0x${"1".repeat(600)}`)) continue;
          const receipts = [{ ...RECEIPTS[0]!, logs: [{ ...RECEIPTS[0]!.logs[0]!, [field]: value }] }];
          expectRefusal(() => verifyReceipts(receipts, ROOT), ["ReceiptMalformed"], `${field} = ${String(value)}`);
        }
      }
      const log = RECEIPTS[0]!.logs[0]!;
      for (const topics of [[null], ["0x00"], Array<Hash>(5).fill(ROOT), new Array(1), new Array(2 ** 32 - 1)]) {
        const receipts = [{ ...RECEIPTS[0]!, logs: [{ ...log, topics }] }];
        expectRefusal(() => verifyReceipts(receipts, ROOT), ["ReceiptMalformed"], "topics");
      }
    });

    it("says that it does not know a transaction type", () => {
      for (const type of ["0x5", "0x7d", "0xff"]) {
        expectRefusal(() => verifyReceipts([{ ...RECEIPTS[0]!, type }], ROOT), ["ReceiptUnsupported"], type);
      }
    });
  });

  describe("of every receipt type", () => {
    const bloom = new Uint8Array(256);
    const log: RlpInput = [new Uint8Array(20).fill(3), [new Uint8Array(32).fill(4)], Uint8Array.of(1, 2)];
    const gas = Uint8Array.of(0x52, 0x08);
    const logs = [
      { address: `0x${"03".repeat(20)}`, topics: [`0x${"04".repeat(32)}`], data: "0x0102", logIndex: "0x0" },
    ];
    const json = { cumulativeGasUsed: "0x5208", logsBloom: bytesToHex(bloom), transactionHash: ROOT, logs };
    const ok = Uint8Array.of(1);
    const failed = new Uint8Array(0);
    const stateRoot = new Uint8Array(32).fill(5);
    const typed = (type: number, payload: RlpInput): Uint8Array => {
      return concatBytes([Uint8Array.of(type), encodeRlp(payload)]);
    };
    const nonce = Uint8Array.of(9);
    const cases: [name: string, receipt: object, encoded: Uint8Array][] = [
      ["a state root, before Byzantium", { root: bytesToHex(stateRoot) }, encodeRlp([stateRoot, gas, bloom, [log]])],
      ["a status and no type", { status: "0x1" }, encodeRlp([ok, gas, bloom, [log]])],
      [
        "a failure and null for the rest",
        { status: "0x0", type: null, root: null },
        encodeRlp([failed, gas, bloom, [log]]),
      ],
      ["type 0", { status: "0x1", type: "0x0" }, encodeRlp([ok, gas, bloom, [log]])],
      ["type 1", { status: "0x1", type: "0x1" }, typed(1, [ok, gas, bloom, [log]])],
      ["type 2", { status: "0x1", type: "0x2" }, typed(2, [ok, gas, bloom, [log]])],
      ["type 3", { status: "0x1", type: "0x3" }, typed(3, [ok, gas, bloom, [log]])],
      ["type 4", { status: "0x0", type: "0x4" }, typed(4, [failed, gas, bloom, [log]])],
      [
        "a deposit before Canyon",
        { status: "0x1", type: "0x7e", depositNonce: "0x9" },
        typed(0x7e, [ok, gas, bloom, [log]]),
      ],
      [
        "a deposit",
        { status: "0x1", type: "0x7e", depositNonce: "0x9", depositReceiptVersion: "0x1" },
        typed(0x7e, [ok, gas, bloom, [log], nonce, Uint8Array.of(1)]),
      ],
    ];
    for (const [name, receipt, encoded] of cases) {
      it(`encodes ${name}`, async () => {
        const root = await plainTrieRoot([encoded]);
        expect(verifyReceipts([{ ...json, ...receipt }], root)).to.have.length(1);
        const other = typed(1, [failed, gas, bloom, [log, log]]);
        expectRefusal(
          () => verifyReceipts([{ ...json, ...receipt }], orderedTrieRoot([other])),
          ["ReceiptsRootMismatch"],
        );
      });
    }
  });

  describe("orderedTrieRoot", () => {
    it("equals the root of @ethereumjs/mpt for any number of values of any length", async () => {
      const random = new SeededRandom(SEED + 1);
      for (const count of [0, 1, 2, 3, 15, 16, 17, 127, 128, 129, 130, 255, 256, 257, 300]) {
        for (const longest of [2, 30, 200]) {
          const values = Array.from({ length: count }, () => hexToBytes(random.hex(1 + random.below(longest))));
          expect(orderedTrieRoot(values), `${count} values`).to.equal(await plainTrieRoot(values));
        }
      }
    });
  });
});
