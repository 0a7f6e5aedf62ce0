import { expect } from "chai";

import type { Hash } from "../../../keeper/lib/hex.ts";
import type { BlockReport, Effect } from "../../../keeper/loop/ports.ts";
import { Watch } from "../../../scripts/soak/Watch.ts";

const A: Hash = `0x${"aa".repeat(32)}`;
const B: Hash = `0x${"bb".repeat(32)}`;
const FOREVER = new AbortController().signal;

const inSync = { kind: "InSync", isWitnessed: true, roots: [] } as const;

function block(number: number, hash: Hash, verdict: BlockReport["verdict"] = inSync): Effect {
  const rest = { timestamp: 0, logCount: 0, slotCount: 0, votes: 2, quorum: 2, headAtMs: 0, factsAtMs: 0 };
  return { type: "block", report: { number, hash, verdict, ...rest } };
}

function signature(blockNumber: bigint, blockHash: Hash): Effect {
  const attestation = { setId: 1n, bookSetVersion: 1n, blockNumber, blockHash, booksRoot: A };
  const statement = { kind: "attestation", attestation, roots: [] } as const;
  return { type: "sign-typed-data", id: 1, key: "attest", domainSeparator: A, structHash: A, statement };
}

/** A watch over a chain and books that have one block at height 7. */
function watchOver(chain: Hash | null, books: Hash | null): Watch {
  const at = (hash: Hash | null) => (number: number) => (number === 7 ? hash : null);
  const hashAt = at(chain);
  return new Watch({ hashAt: (number) => Promise.resolve(hashAt(number)), booksAt: at(books) });
}

describe("Watch", () => {
  it("waits for the word on a block, or on one that stands on it", async () => {
    const watch = watchOver(A, A);
    const same = watch.judged({ number: 7, hash: A }, FOREVER);
    watch.see(block(7, B), 0);
    watch.see(block(7, A), 0);
    expect(await same).to.equal(true);
    expect(await watch.judged({ number: 7, hash: A }, FOREVER)).to.equal(true);

    const other = watchOver(A, A);
    const above = other.judged({ number: 7, hash: A }, FOREVER);
    other.see(block(8, B), 0);
    expect(await above).to.equal(true);
  });

  it("does not take a higher block of another branch for it", async () => {
    const watch = watchOver(A, B);
    const end = new AbortController();
    const judged = watch.judged({ number: 7, hash: A }, end.signal);
    watch.see(block(8, A), 0);
    end.abort();
    expect(await judged).to.equal(false);
  });

  it("calls a divergence, an incident, a latch and a pause what they are here", () => {
    const watch = watchOver(A, A);
    watch.see(block(7, A, { kind: "Diverged", findings: [], isLatched: false }), 0);
    watch.see(block(7, A, { kind: "OwnFault", findings: [], detail: "" }), 0);
    watch.see({ type: "latch", detail: "why" }, 0);
    watch.see({ type: "broadcast", purpose: "soft-pause", raw: "0x", hash: A }, 0);
    expect(watch.problems).to.deep.equal([
      `Diverged at block 7 ${A}`,
      `OwnFault at block 7 ${A}`,
      "latched: why",
      "sent a soft-pause",
    ]);
  });

  it("lets checkpoints and doubts pass, and counts them", () => {
    const watch = watchOver(A, A);
    watch.see({ type: "broadcast", purpose: "checkpoint", raw: "0x", hash: A }, 0);
    watch.see(block(7, A, { kind: "Unknown", reason: "no-quorum", detail: "" }), 0);
    watch.see({ type: "unknown", reason: "no-source", detail: "" }, 0);
    expect(watch.problems).to.deep.equal([]);
    expect(Object.fromEntries(watch.counts)).to.deep.equal({
      "sent checkpoint": 1,
      "verdict Unknown": 1,
      "unknown no-source": 1,
    });
  });

  describe("signatures", () => {
    async function problemsOf(watch: Watch, nowMs = 0): Promise<number> {
      watch.see(signature(7n, A), nowMs);
      await watch.settled();
      return watch.problems.length;
    }

    it("of the chain's block, held by the books, are right", async () => {
      expect(await problemsOf(watchOver(A, A))).to.equal(0);
    });

    it("of a block that the books do not hold, or that was never the chain's, are wrong", async () => {
      expect(await problemsOf(watchOver(A, B))).to.equal(1);
      expect(await problemsOf(watchOver(B, A))).to.equal(1);
      expect(await problemsOf(watchOver(null, A))).to.equal(1);
    });

    it("of an orphan are right for a moment, and wrong after it", async () => {
      const watch = watchOver(B, A);
      watch.orphaned([A], 1_000);
      expect(await problemsOf(watch, 1_500)).to.equal(0);
      expect(await problemsOf(watch, 9_000)).to.equal(1);
    });
  });
});
