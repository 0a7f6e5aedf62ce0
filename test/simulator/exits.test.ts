import { expect } from "chai";

import { firstAccountOf } from "../../keeper/books/naive/decode.ts";
import { accountAt, hot } from "../../keeper/books/naive/ledgerStorage.ts";
import { incident } from "../../keeper/books/naive/syncStorage.ts";
import type { Place } from "../../keeper/books/naive/words.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { sealBlock, type ChainEffect, type SimBlock } from "../../simulator/chain/Block.ts";
import { USER_ADDRESSES } from "../../simulator/chain/traffic.ts";
import { Exits } from "../../simulator/check/Exits.ts";
import { GENESIS } from "../../simulator/world/genesis.ts";

const HASH: Hash = `0x${"11".repeat(32)}`;
const { softTime, coolDown, staleLimit, settlementScale } = GENESIS.contracts.immutables;
const [OWNER = "0x"] = USER_ADDRESSES;
const QUOTE = accountAt(firstAccountOf(OWNER)).quote;
const NO_WITHDRAWAL = 2n;

/** The word that holds a value at its place, and nothing else but what was there. */
function withValue({ state }: SimBlock, place: Place, value: bigint): bigint {
  const mask = ((1n << BigInt(place.bits)) - 1n) << BigInt(place.offset);
  return (state.read(place.book, place.slot) & ~mask) | (value << BigInt(place.offset));
}

/** A block with effects as if of transactions, and with values that contracts may be wrong about. */
function blockOn(
  parent: SimBlock,
  after: number,
  { effects = [], values = [] }: { effects?: readonly ChainEffect[]; values?: readonly (readonly [Place, bigint])[] },
): SimBlock {
  let { state } = parent;
  for (const [place, value] of values) {
    const words = new Map([[place.slot, withValue({ ...parent, state }, place, value)]]);
    state = state.with({ writes: new Map([[place.book, words]]), answers: new Map(), keys: new Map() });
  }
  const transactions = effects.map((effect) => ({ hash: HASH, succeeded: true, logs: [], effect }));
  return sealBlock({
    ...{ parent, number: parent.number + 1, timestamp: parent.timestamp + after, baseFeePerGas: 1n, state },
    ...{ transactions, tamper: null, isReal: true, salt: "exits" },
  });
}

function effect(kind: ChainEffect["kind"], keeper: number, blockNumber: number): ChainEffect {
  return { kind, keeper, blockNumber, blockHash: HASH, incidentId: HASH };
}

describe("the simulator's watch over the exit", () => {
  const rich = blockOn(GENESIS.block, 12, {
    effects: [effect("checkpoint", 0, GENESIS.block.number)],
    values: [
      [QUOTE, 5n * settlementScale],
      [hot.checkpointTime, BigInt(GENESIS.block.timestamp + 12)],
    ],
  });

  it("finds it open where nothing stands against it", () => {
    expect(new Exits().tryToLeave(rich)).to.deep.equal({ refusal: null, excuse: null, until: 0 });
  });

  it("tries nothing where nobody has anything", () => {
    expect(new Exits().tryToLeave(GENESIS.block)).to.equal(null);
  });

  it("finds a restriction without a cause", () => {
    const shut = blockOn(rich, 12, { values: [[hot.flags, NO_WITHDRAWAL]] });
    const attempt = new Exits().tryToLeave(shut);
    expect(attempt?.refusal).to.be.a("string");
    expect(attempt?.excuse).to.equal(null);
  });

  it("excuses a soft pause until a checkpoint of a later block is posted after the soft time, and no longer", () => {
    const exits = new Exits();
    const paused = blockOn(rich, 12, {
      effects: [effect("soft-pause", 3, rich.number)],
      values: [[hot.flags, NO_WITHDRAWAL]],
    });
    const until = paused.timestamp + Number(softTime);
    expect(exits.tryToLeave(paused)).to.include({ excuse: "soft", until });
    const early = blockOn(paused, Number(softTime) - 1, { effects: [effect("checkpoint", 0, paused.number)] });
    expect(exits.tryToLeave(early)?.excuse).to.equal("soft");
    const same = blockOn(early, 1, { effects: [effect("checkpoint", 0, rich.number)] });
    expect(exits.tryToLeave(same)?.excuse).to.equal("soft");
    const over = blockOn(same, 1, {
      effects: [effect("checkpoint", 0, paused.number)],
      values: [[hot.checkpointTime, BigInt(until + 1)]],
    });
    expect(exits.tryToLeave(over)).to.include({ excuse: null });
    expect(exits.tryToLeave(over)?.refusal, "it is still restricted").to.be.a("string");
  });

  it("excuses the stale grade, and not a second before it", () => {
    const exits = new Exits();
    const late = blockOn(rich, Number(staleLimit), {});
    expect(exits.tryToLeave(late)).to.deep.include({ excuse: "stale" });
    expect(exits.tryToLeave(blockOn(rich, Number(staleLimit) - 1, {}))).to.deep.include({
      refusal: null,
      excuse: null,
    });
  });

  it("finds one key that pauses before it may again, and a pause that stands beyond the soft time", () => {
    const exits = new Exits();
    const first = blockOn(rich, 12, { effects: [effect("soft-pause", 3, rich.number)] });
    expect(exits.overreach(first)).to.equal(null);
    const rest = Number(softTime) + Number(coolDown);
    const again = [effect("soft-pause", 3, first.number)];
    expect(exits.overreach(blockOn(first, rest - 1, { effects: again }))).to.match(
      /^keeper 3 pauses at \d+, before \d+$/,
    );
    expect(exits.overreach(blockOn(first, rest, { effects: again }))).to.equal(null);
    const beyond = BigInt(rich.timestamp + 12 + Number(softTime) + 1);
    const stretched = {
      effects: [effect("soft-pause", 3, rich.number)],
      values: [[incident.softUntil, beyond] as const],
    };
    expect(exits.overreach(blockOn(rich, 12, stretched))).to.match(/^a soft pause stands until \d+, beyond \d+$/);
    const other = [effect("soft-pause", 2, first.number)];
    expect(exits.overreach(blockOn(first, 12, { effects: other })), "another key").to.equal(null);
  });
});
