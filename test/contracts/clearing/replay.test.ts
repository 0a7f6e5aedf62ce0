import { expect } from "chai";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { OrderBook, UNIT, type MatchInput } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DEPOSIT = 100_000_000_000n;
/** Local as well: the keeper registry asks other chains for more keepers. */
const OTHER_CHAIN = 1_337;

async function fund(system: Lockstep): Promise<Lockstep> {
  for (const user of system.users.slice(0, 3)) await depositUsd(system, user, DEPOSIT);
  return system;
}

const fixture = async (): Promise<Lockstep> => await fund(await deployLockstep(connection));

/** What a signed order is worth on another chain, in another deployment, and on another branch of its own chain. */
describe("E9: OrderSettlement > replay", () => {
  let system: Lockstep;
  let orders: OrderBook;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    orders = new OrderBook(system);
  });

  const user = (index: number) => system.users[index]!;
  const expectUnsigned = async ({ settlement }: Lockstep, match: MatchInput) =>
    await expect(settlement.settle(match)).to.be.revertedWithCustomError(settlement, "SettlementBadSignature");

  it("refuses in one deployment what was signed for another one on the same chain", async () => {
    const { ethers, ledger, instruments, oracle } = system;
    const modules = [ledger.target, instruments.target, oracle.target] as const;
    const other = { ...system, settlement: await ethers.deployContract("OrderSettlement", [...modules]) };
    const match = await orders.tradeMatch(user(0), user(1));
    await expectUnsigned(other, match);
    await expectUnsigned(system, await new OrderBook(other).tradeMatch(user(0), user(1)));
    await system.settlement.settle(match);
  });

  it("refuses on one chain what was signed for the same address on another one", async () => {
    const there = await network.create({ network: "default", override: { chainId: OTHER_CHAIN } });
    const other = await fund(await deployLockstep(there));
    expect(other.settlement.target).to.equal(system.settlement.target);
    const match = await orders.tradeMatch(user(0), user(1));
    await expectUnsigned(other, match);

    // The other chain split off with the code of this one, in which the domain of this chain is cached.
    const code = await system.ethers.provider.getCode(system.settlement.target);
    await there.networkHelpers.setCode(other.settlement.target as string, code);
    await expectUnsigned(other, match);
    expect((await other.settlement.eip712Domain()).chainId).to.equal(OTHER_CHAIN);
    const [buyer, seller] = [other.users[0]!, other.users[1]!];
    await other.settlement.settle(await new OrderBook(other).tradeMatch(buyer, seller));
    await system.settlement.settle(match);
    await there.close();
  });

  it("settles an order once on each branch of a fork, and never twice on one", async () => {
    const match = await orders.tradeMatch(user(0), user(1));
    const fork = await networkHelpers.takeSnapshot();
    const sizeHere = async () => await system.ledger.sizeOf(accountOf(user(0)), 1);
    for (let branch = 0; branch < 2; branch += 1) {
      await system.settlement.settle(match);
      await expect(system.settlement.settle(match)).to.be.revertedWithCustomError(
        system.settlement,
        "SettlementOverfill",
      );
      expect(await sizeHere()).to.equal(UNIT);
      await fork.restore();
    }
    expect(await sizeHere()).to.equal(0);
  });

  it("lets a lane that advanced on a lost branch be used by the orders of the one that stays", async () => {
    const [older, newer] = [await orders.tradeMatch(user(0), user(1)), await orders.tradeMatch(user(0), user(1))];
    const fork = await networkHelpers.takeSnapshot();
    await system.settlement.settle(newer);
    await expect(system.settlement.settle(older)).to.be.revertedWithCustomError(
      system.settlement,
      "SettlementDeadSequence",
    );
    await fork.restore();
    await system.settlement.settle(older);
    await system.settlement.settle(newer);
    expect(await system.ledger.sizeOf(accountOf(user(0)), 1)).to.equal(2n * UNIT);
  });

  it("revives with a lost branch the order that was cancelled there, until it is cancelled again", async () => {
    const match = await orders.tradeMatch(user(0), user(1));
    const { account, lane, sequence } = match.buy;
    const settlement = system.settlement.connect(user(0));
    const fork = await networkHelpers.takeSnapshot();
    await settlement.cancelAll(account);
    await expect(settlement.settle(match)).to.be.revertedWithCustomError(system.ledger, "LedgerOldEpoch");
    await fork.restore();
    await settlement.settle.staticCall(match);
    await settlement.cancel(account, lane, sequence);
    await expect(settlement.settle(match)).to.be.revertedWithCustomError(settlement, "SettlementOverfill");
  });
});
