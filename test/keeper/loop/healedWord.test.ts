import { expect } from "chai";
import { id } from "ethers";

import { storage as settlement } from "../../../keeper/books/generated/OrderSettlement.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { storage as guard } from "../../../keeper/books/generated/SyncGuard.ts";
import { storage as vault } from "../../../keeper/books/generated/CollateralVault.ts";
import type { BookName } from "../../../keeper/domain/bookSet.ts";
import type { Address, Hash, Hex } from "../../../keeper/lib/hex.ts";
import { depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { listCollateral } from "../../helpers/assets.ts";
import { attest, postCheckpoint, readKeeperSet, signAttestation } from "../../helpers/attestations.ts";
import { pause, readHead } from "../../helpers/guard.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { allowDeposits, depositAllowed } from "../../helpers/keeper/deposits.ts";
import { World } from "../../helpers/keeper/World.ts";
import { setEthPrice } from "../../helpers/liquidate.ts";
import { ETH_PRICE, OrderBook, UNIT } from "../../helpers/orders.ts";

const USD = 1_000_000n;
const GAS = { gasLimit: 2_500_000 };

/** A word that is tampered with, and the ordinary transaction that uses it in the same block. */
interface Case {
  readonly name: string;
  /** Prepares the protocol; answers the word and the transaction. */
  readonly stage: (world: World) => Promise<{
    readonly book: BookName;
    readonly slot: Hash;
    readonly change: (word: bigint) => bigint;
    readonly send: () => Promise<unknown>;
  }>;
}

const accountIdOf = (system: Lockstep, index = 0): Hex => accountOf(system.users[index]!).toLowerCase() as Hex;
const assetOf = (system: Lockstep): Address => (system.usd.target as string).toLowerCase() as Address;

const CASES: readonly Case[] = [
  {
    name: "the quote of an account that deposits",
    stage: async ({ system }) => ({
      book: "PositionLedger",
      slot: ledger.accounts.slot(accountIdOf(system)),
      change: (word) => word + 10n ** 18n,
      send: () => depositAllowed(system, system.users[0]!, 5n * USD),
    }),
  },
  {
    name: "the size of a position that is traded",
    stage: async ({ system }) => ({
      book: "PositionLedger",
      slot: ledger.positions.slot(accountIdOf(system), 1n),
      change: (word) => word + 10n ** 15n,
      send: () => new OrderBook(system).trade(system.users[0]!, system.users[1]!, { size: UNIT / 10n }),
    }),
  },
  {
    name: "the index that a position's funding counts from, when it is traded",
    stage: async ({ system }) => ({
      book: "PositionLedger",
      slot: ledger.positions.slot(accountIdOf(system), 1n),
      change: (word) => {
        const position = ledger.positions.decode(word);
        return ledger.positions.encode({ ...position, index: position.index - 10n ** 18n });
      },
      send: () => new OrderBook(system).trade(system.users[0]!, system.users[1]!, { size: UNIT / 10n }),
    }),
  },
  {
    name: "the index of an instrument, when funding accrues",
    stage: async ({ system }) => ({
      book: "PositionLedger",
      slot: ledger.markets.word0.slot(1n),
      change: (word) => {
        const market = ledger.markets.word0.decode(word);
        return ledger.markets.word0.encode({ ...market, longIndex: market.longIndex + 10n ** 18n });
      },
      send: () => system.ledger.accrueFunding(1),
    }),
  },
  {
    name: "the fees, when they are swept",
    stage: async ({ system }) => ({
      book: "PositionLedger",
      slot: ledger.hot.slot,
      change: (word) => ledger.hot.encode({ ...ledger.hot.decode(word), fees: 10n ** 20n }),
      send: () => system.fund.sweepFees(),
    }),
  },
  {
    name: "the debt of an account, when it is recorded",
    stage: async ({ system }) => ({
      book: "PositionLedger",
      slot: ledger.debts.slot(accountIdOf(system, 2)),
      change: (word) => ledger.debts.encode({ amount: ledger.debts.decode(word).amount - 5n, isUsed: true }),
      send: () => system.ledger.recordDebt(accountOf(system.users[2]!)),
    }),
  },
  {
    name: "the number of entries",
    stage: async ({ system }) => ({
      book: "PositionLedger",
      slot: ledger.hot.slot,
      change: (word) => word + 1n,
      send: () => depositAllowed(system, system.users[0]!, 5n * USD),
    }),
  },
  {
    name: "what the vault holds, when something is withdrawn",
    stage: async ({ system }) => ({
      book: "CollateralVault",
      slot: vault.assets.slot(assetOf(system)),
      change: (word) => word - 7n,
      send: () => withdraw(system),
    }),
  },
  {
    name: "what left an account, when more leaves",
    stage: async ({ system }) => ({
      book: "CollateralVault",
      slot: vault.flows.slot(accountIdOf(system), assetOf(system)),
      change: (word) => word + 3n,
      send: () => withdraw(system),
    }),
  },
  {
    name: "the filled size of an order that is filled further",
    stage: async ({ system }) => {
      const orders = new OrderBook(system);
      const [buyer, seller] = [system.users[0]!, system.users[1]!];
      const maker = orders.order(buyer, true, { size: UNIT, limitPrice: ETH_PRICE });
      const taker = orders.order(seller, false, { size: UNIT, limitPrice: ETH_PRICE });
      const match = await orders.match(buyer, maker, seller, taker, UNIT / 4n);
      const settle = () => system.settlement.settle(match, GAS);
      await settle();
      return {
        book: "OrderSettlement",
        slot: settlement.lanes.slot(accountIdOf(system), maker.lane),
        change: (word) => settlement.lanes.encode({ sequence: 1n, filled: settlement.lanes.decode(word).filled - 1n }),
        send: settle,
      };
    },
  },
  {
    name: "the flags of a soft pause, when a checkpoint pushes them",
    stage: async ({ system }) => {
      await postCheckpoint(system);
      await pause(system, 1, id("other"), await readHead(system));
      const { attestation, roots } = await attest(system);
      const signatures = await signAttestation(system, attestation);
      const set = await readKeeperSet(system);
      return {
        book: "PositionLedger",
        slot: ledger.hot.slot,
        change: (word) => ledger.hot.encode({ ...ledger.hot.decode(word), flags: 0n }),
        send: () => system.registry.post(attestation, roots, set, signatures, GAS),
      };
    },
  },
  {
    name: "the end of the grace, when a pause pushes it",
    stage: async ({ system }) => ({
      book: "PositionLedger",
      slot: ledger.hot.slot,
      change: (word) => ledger.hot.encode({ ...ledger.hot.decode(word), graceUntil: 1n }),
      send: async () => pause(system, 1, id("other"), await readHead(system)),
    }),
  },
  {
    name: "the generation of an incident, when a keeper pauses",
    stage: async ({ system }) => ({
      book: "SyncGuard",
      slot: guard.incident.slot,
      change: (word) => guard.incident.encode({ ...guard.incident.decode(word), generation: 5n }),
      send: async () => pause(system, 1, id("other"), await readHead(system)),
    }),
  },
];

async function withdraw(system: Lockstep): Promise<unknown> {
  const [user] = system.users;
  return system.vault.connect(user!).withdraw(accountOf(user!), system.usd.target, 2n * USD, user!.address);
}

/** The third user is short of ETH that has risen since, with other collateral alone: it has a debt, and no new one. */
async function owe(system: Lockstep): Promise<void> {
  const token = await system.ethers.deployContract("MockToken", ["Ether", "ETH", 18]);
  const asset = await listCollateral(system, token);
  const [winner, , debtor] = system.users;
  await token.mint(debtor!.address, 10n * UNIT);
  await token.connect(debtor!).approve(system.vault.target, 10n * UNIT);
  await system.vault.connect(debtor!).deposit(accountOf(debtor!), asset, 10n * UNIT);
  await system.instruments.setDebtCaps(10_000n * UNIT, 10_000n * UNIT);
  await new OrderBook(system).trade(winner!, debtor!, { size: UNIT });
  await setEthPrice(system, 3_030);
  await system.ledger.recordDebt(accountOf(debtor!));
  await setEthPrice(system, 3_000);
}

describe("a tampered word that an ordinary event uses in the same block (G1)", function () {
  this.timeout(60_000);
  let world: World;
  let driver: InProcessKeeper;

  before(async () => {
    world = await World.open({ keeperCount: 2 });
    const { system } = world;
    for (const user of system.users.slice(0, 2)) await depositUsd(system, user, 10_000n * USD);
    await allowDeposits(system, system.users[0]!);
    await new OrderBook(system).trade(system.users[0]!, system.users[1]!, { size: UNIT });
    await owe(system);
    driver = world.keeper();
    await driver.follow();
  });

  after(() => world.close());

  for (const { name, stage } of CASES) {
    it(`finds ${name}`, async () => {
      const replace = await world.fork();
      const { book, slot, change, send } = await stage(world);
      await driver.follow();
      expect(driver.verdict.kind).to.equal("InSync");
      const before = await world.wordAt(book, slot);
      const block = Number(await world.send("eth_blockNumber")) + 1;
      await world.tamper(book, slot, change(before));
      await send();
      expect(Number(await world.send("eth_blockNumber")), "one block").to.equal(block);
      await driver.follow();

      const { verdict } = driver;
      expect(verdict.kind).to.equal("Diverged");
      if (verdict.kind !== "Diverged") return;
      expect(verdict.findings.map(({ contract }) => contract)).to.include(book);
      expect(verdict.findings[0]?.blockNumber).to.equal(block);
      expect(driver.incident?.state).to.equal("contained");
      // Latched: putting the word right does not end it, nor do blocks that look equal.
      const root = driver.keeper.books.root(book);
      await world.tamper(book, slot, driver.keeper.books.read(book, slot));
      await world.mine(2);
      await driver.follow();
      expect(driver.keeper.books.root(book)).to.equal(root);
      expect(driver.verdict).to.include({ kind: "Diverged", isLatched: true });

      await replace();
      await driver.follow();
      expect(driver.verdict.kind).to.equal("InSync");
      expect(driver.incident?.state).to.equal("orphaned");
    });
  }
});
