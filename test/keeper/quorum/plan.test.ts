import { expect } from "chai";
import { concat } from "ethers";

import { encodeConvict, encodeHardPause, encodeResume } from "../../../keeper/actions/plan/encodeQuorumCalls.ts";
import { ROUND_BLOCKS, roundBlock } from "../../../keeper/domain/rounds.ts";
import { turnOf } from "../../../keeper/domain/turnOf.ts";
import { contractInterface } from "../../../scripts/local/contractInterface.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const GUARD = contractInterface("SyncGuard");
const REGISTRY = contractInterface("CheckpointRegistry");

describe("what keepers plan together", () => {
  it("is encoded as the ABI has it, for random values and lengths", () => {
    const random = new SeededRandom(chooseSeed(3));
    const hashes = (count: number) => Array.from({ length: count }, () => random.hex(32));
    for (let round = 0; round < 100; round += 1) {
      const members = Array.from({ length: random.below(9) }, () => random.hex(20));
      const set = { id: random.uint(32), quorum: random.uint(16), members };
      const signatures = Array.from({ length: random.below(8) }, () => random.hex(65));
      const certificate = { incidentId: random.hex(32), setId: random.uint(32), pauseNonce: random.uint(32) };
      const pause = { ...certificate, blockNumber: random.uint(64), blockHash: random.hex(32) };
      const resume = { ...certificate, checkpointNumber: random.uint(64), checkpointDigest: random.hex(32) };
      const signed = concat(signatures);
      expect(encodeHardPause({ certificate: pause, set, signatures })).to.equal(
        GUARD.encodeFunctionData("hardPause", [pause, set, signed]),
      );
      expect(encodeResume({ certificate: resume, set, signatures })).to.equal(
        GUARD.encodeFunctionData("resume", [resume, set, signed]),
      );
      const attestation = {
        ...{ setId: random.uint(32), bookSetVersion: random.uint(32), blockNumber: random.uint(64) },
        ...{ blockHash: random.hex(32), booksRoot: random.hex(32) },
      };
      const roots = hashes(random.below(12));
      const index = random.below(10);
      const headerRlp = random.hex(1 + random.below(600));
      const accountProof = Array.from({ length: random.below(9) }, () => random.hex(1 + random.below(540)));
      expect(encodeConvict({ attestation, roots, signatures, index, headerRlp, accountProof })).to.equal(
        REGISTRY.encodeFunctionData("convict", [attestation, roots, signed, index, headerRlp, accountProof]),
      );
    }
  });

  describe("rounds", () => {
    /** Blocks of 12 s from time 0; only those from `memory` on are known. */
    const roundAt = (top: number, dueAt: number, highest = 0, memory = 0): number | null => {
      const timestampAt = (number: number): number | null => (number < memory ? null : number * 12);
      return roundBlock({ top, highest, dueAt, timestampAt });
    };

    it("are of the first due block for a whole round, then of every multiple", () => {
      expect(roundAt(20, 21 * 12)).to.equal(null);
      for (let top = 21; top < 32; top += 1) expect(roundAt(top, 21 * 12), `top ${top}`).to.equal(21);
      for (let top = 32; top < 40; top += 1) expect(roundAt(top, 21 * 12), `top ${top}`).to.equal(32);
      expect(roundAt(40, 21 * 12)).to.equal(40);
      expect(roundAt(4_003, 21 * 12)).to.equal(4_000);
    });

    it("name a block above every posted one, with a conviction behind them too", () => {
      expect(roundAt(50, -Infinity, 50)).to.equal(null);
      expect(roundAt(51, -Infinity, 50)).to.equal(51);
      expect(roundAt(57, -Infinity, 50)).to.equal(51);
      expect(roundAt(64, -Infinity, 50)).to.equal(64);
    });

    it("are the same for keepers whose heads, memories and intervals differ, at the latest from the second multiple on", () => {
      const random = new SeededRandom(chooseSeed(4));
      for (let trial = 0; trial < 300; trial += 1) {
        const due = 20 + random.below(60);
        const lag = random.below(4);
        const memory = due + random.below(2 * ROUND_BLOCKS);
        const seen = new Map<number, Set<number>>();
        for (let top = due; top < due + 6 * ROUND_BLOCKS; top += 1) {
          for (const [keeper, number] of [
            [0, roundAt(top, due * 12)],
            [1, roundAt(top - lag, due * 12)],
            [2, roundAt(top, due * 12, 0, memory)],
            [3, roundAt(top, (due + 3) * 12)],
          ] as const) {
            if (number !== null) seen.set(number, (seen.get(number) ?? new Set()).add(keeper));
          }
        }
        // Of the multiples that are two rounds past the first due block, everybody signs each.
        for (const [number, keepers] of seen) {
          const isSettled = number >= due + 3 * ROUND_BLOCKS && number < due + 5 * ROUND_BLOCKS;
          if (isSettled) expect([...keepers].sort(), `block ${number}, due ${due}`).to.deep.equal([0, 1, 2, 3]);
        }
        expect([...seen.keys()].filter((number) => number >= due + 3 * ROUND_BLOCKS).length).to.be.greaterThan(1);
      }
    });
  });

  it("gives each member another turn, and a stranger the last one", () => {
    const random = new SeededRandom(5);
    const members = Array.from({ length: 7 }, () => random.hex(20)).sort();
    const firsts = new Set<number>();
    for (let round = 0; round < 200; round += 1) {
      const hash = random.hex(32);
      const turns = members.map((member) => turnOf(hash, members, member));
      expect(turns.toSorted((one, other) => one - other)).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
      firsts.add(turns.indexOf(0));
      expect(turnOf(hash, members, `0x${"ee".repeat(20)}`)).to.equal(7);
    }
    expect(firsts.size).to.equal(7);
  });
});
