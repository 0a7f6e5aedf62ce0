import { expect } from "chai";

import { storage as ledger, type EntryPostedEvent } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Reducer } from "../../../keeper/books/Reducer.ts";
import { REDUCERS } from "../../../keeper/books/reducers.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { allowDeposits, depositAllowed } from "../../helpers/keeper/deposits.ts";
import { World } from "../../helpers/keeper/World.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";

const USD = 1_000_000n;
const SOUND = REDUCERS.PositionLedger;

const PREFIX = "Hidden";

/** Hides events from the rules of legality, which then have nothing to complain about. */
function hiding(sound: Reducer<{ readonly name: string }>): Reducer<{ readonly name: string }> {
  return {
    ...sound,
    decode(log) {
      const event = sound.decode(log);
      return event === null ? null : { ...event, name: `${PREFIX}${event.name}` };
    },
    apply: (event, context) => {
      sound.apply({ ...event, name: event.name.slice(PREFIX.length) }, context);
    },
  };
}

/** Believes the balance that an entry claims instead of computing it. */
const BELIEVING: Reducer<{ readonly name: string }> = {
  ...SOUND,
  apply: (event, context) => {
    if (event.name === "EntryPosted") {
      const { account, quoteAfter, quoteDelta } = event as EntryPostedEvent;
      const slot = ledger.accounts.slot(account);
      const word = ledger.accounts.decode(context.read(slot));
      context.write(slot, ledger.accounts.encode({ ...word, quote: quoteAfter - quoteDelta }));
    }
    SOUND.apply(event, context);
  },
};

/** Is a unit off with every entry. */
const MISCOUNTING: Reducer<{ readonly name: string }> = {
  ...SOUND,
  apply: (event, context) => {
    SOUND.apply(event, context);
    if (event.name !== "EntryPosted") return;
    const slot = ledger.accounts.slot((event as EntryPostedEvent).account);
    const word = ledger.accounts.decode(context.read(slot));
    context.write(slot, ledger.accounts.encode({ ...word, quote: word.quote + 1n }));
  },
};

/** What the other tests of this folder assert would fail if the keeper were one of these: the detectors matter. */
describe("broken twins of the detectors", function () {
  this.timeout(60_000);

  it("a second opinion that always agrees turns every divergence into an own fault", async () => {
    const world = await World.open();
    const secondOpinion = () => ({ agreesWithChain: true, detail: "fine" });
    const blind = world.keeper({ replacements: { secondOpinion } });
    const sound = world.keeper({ keys: {} });
    for (const driver of [blind, sound]) await driver.follow();
    await world.tamper("PositionLedger", ledger.accounts.slot(`0x${"07".repeat(32)}`), 1n);
    await world.mine();
    for (const driver of [blind, sound]) await driver.follow();
    expect([blind.verdict.kind, sound.verdict.kind]).to.deep.equal(["OwnFault", "Diverged"]);
    expect(blind.hasSigned).to.equal(false);
    await world.close();
  });

  it("a wrong reducer stops a healthy market when nobody asks for a second opinion (G11, F19)", async () => {
    const world = await World.open();
    const [user] = world.system.users;
    const reducers = { ...REDUCERS, PositionLedger: MISCOUNTING };
    const secondOpinion = () => ({ agreesWithChain: false, detail: "none" });
    const alone = world.keeper({ replacements: { reducers, secondOpinion } });
    const sound = world.keeper({ keys: {}, replacements: { reducers } });
    const replace = await world.fork();
    for (const driver of [alone, sound]) await driver.follow();
    await depositUsd(world.system, user!, 100n * USD);
    await sound.follow();
    expect([sound.verdict.kind, sound.all("incident"), await world.flags()]).to.deep.equal(["OwnFault", [], 0n]);
    await alone.follow();
    expect([alone.verdict.kind, alone.incident?.state, await world.flags()]).to.deep.equal([
      "Diverged",
      "contained",
      3n,
    ]);
    await replace();
    await world.close();
  });

  it("legality that sees nothing misses the missing margin check (G18)", async () => {
    const world = await World.open({ module: "LaxLockstep" });
    const { PositionLedger, OrderSettlement } = REDUCERS;
    const hidden = { PositionLedger: hiding(PositionLedger), OrderSettlement: hiding(OrderSettlement) };
    const blind = world.keeper({ replacements: { reducers: { ...REDUCERS, ...hidden } } });
    const sound = world.keeper({ keys: {} });
    for (const driver of [blind, sound]) await driver.follow();
    await new OrderBook(world.system).trade(world.system.users[0]!, world.system.users[1]!, { size: 100n * UNIT });
    for (const driver of [blind, sound]) await driver.follow();
    expect([blind.verdict.kind, sound.verdict.kind]).to.deep.equal(["InSync", "Diverged"]);
    // Neither has a dollar in it: at 2,900 the first loss is everybody else's.
    const poor = accountOf(world.system.users[0]!);
    const worth = (await world.system.ledger.quoteOf(poor)) + 2_900n * (await world.system.ledger.sizeOf(poor, 1));
    expect(worth).to.equal(-10_000n * UNIT);
    await world.close();
  });

  it("a reducer that believes results misses the healed word (G1)", async () => {
    const world = await World.open();
    const [user] = world.system.users;
    await depositUsd(world.system, user!, 100n * USD);
    await allowDeposits(world.system, user!);
    const blind = world.keeper({ replacements: { reducers: { ...REDUCERS, PositionLedger: BELIEVING } } });
    const sound = world.keeper({ keys: {} });
    for (const driver of [blind, sound]) await driver.follow();
    const slot = ledger.accounts.slot(accountOf(user!).toLowerCase() as Hex);
    await world.tamper("PositionLedger", slot, (await world.wordAt("PositionLedger", slot)) + 10n ** 18n);
    await depositAllowed(world.system, user!, 5n * USD);
    for (const driver of [blind, sound]) await driver.follow();
    expect([blind.verdict.kind, sound.verdict.kind]).to.deep.equal(["InSync", "Diverged"]);
    await world.close();
  });
});
