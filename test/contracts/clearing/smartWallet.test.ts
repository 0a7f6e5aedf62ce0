import { expect } from "chai";
import { concat, getAddress, keccak256, toBeHex, Wallet } from "ethers";
import { network } from "hardhat";

import type { HostileWallet, SmartWallet } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { OrderBook, UNIT, type MatchInput } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DEPOSIT = 100_000_000_000n;
/** As in HostileWallet.sol. */
const MALICE = { agree: 0, deny: 1, dirty: 2, short: 3, refuse: 4, burn: 5, flood: 6, reenter: 7, look: 8 } as const;
/** The precompile that returns what it is given. */
const IDENTITY = toBeHex(4, 20);

/** Account 0 of a contract. */
function accountOfContract(target: unknown): string {
  return concat([target as string, toBeHex(0, 12)]);
}

interface Scene extends Lockstep {
  readonly wallet: SmartWallet;
  readonly hostile: HostileWallet;
}

/** Two smart wallets with deposits; user 0 holds the key of the honest one. */
async function fixture(): Promise<Scene> {
  const system = await deployLockstep(connection);
  const { ethers, users, usd, vault } = system;
  for (const user of users.slice(0, 3)) await depositUsd(system, user, DEPOSIT);
  const wallet = await ethers.deployContract("SmartWallet", [users[0]!.address]);
  const hostile = await ethers.deployContract("HostileWallet");
  for (const owner of [wallet, hostile]) {
    await usd.mint(users[2]!.address, DEPOSIT);
    await usd.connect(users[2]!).approve(vault.target, DEPOSIT);
    await vault.connect(users[2]!).deposit(accountOfContract(owner.target), usd.target, DEPOSIT);
  }
  return { ...system, wallet, hostile };
}

describe("OrderSettlement > smart wallets", () => {
  let system: Scene;
  let orders: OrderBook;
  let account: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    orders = new OrderBook(system);
    account = accountOfContract(system.wallet.target);
  });

  const user = (index: number) => system.users[index]!;
  /** The wallet of the fixture buys from user 1; user 0 signs for it. */
  const walletMatch = async () => await orders.tradeMatch(user(0), user(1), { buy: { account } });
  /** The hostile wallet buys from user 1; its signature is nonsense. */
  const hostileMatch = async (): Promise<MatchInput> => ({
    ...(await orders.tradeMatch(user(0), user(1), { buy: { account: accountOfContract(system.hostile.target) } })),
    buySignature: "0xbad0",
  });
  const expectUnsigned = async (match: MatchInput, options = {}) =>
    await expect(system.settlement.settle(match, options))
      .to.be.revertedWithCustomError(system.settlement, "SettlementBadSignature")
      .withArgs(await system.settlement.hashOrder(match.buy), getAddress(match.buy.account.slice(0, 42)));

  describe("an honest one", () => {
    it("trades with what its key signed", async () => {
      await system.settlement.settle(await walletMatch());
      expect(await system.ledger.sizeOf(account, 1)).to.equal(UNIT);
    });

    it("trades with another smart wallet", async () => {
      await system.hostile.setMalice(MALICE.agree);
      const match = await walletMatch();
      const sell = { ...match.sell, account: accountOfContract(system.hostile.target) };
      await system.settlement.settle({ ...match, sell, sellSignature: "0x" });
      expect(await system.ledger.sizeOf(sell.account, 1)).to.equal(-UNIT);
    });

    it("does not trade with what anybody else signed", async () => {
      const match = await walletMatch();
      await expectUnsigned({ ...match, buySignature: await orders.sign(user(2), match.buy) });
      await expectUnsigned({ ...match, buySignature: "0x" });
    });

    it("does not lend its key's signature to accounts of the key, nor the other way round", async () => {
      const match = await walletMatch();
      const own = await orders.tradeMatch(user(0), user(1));
      await expectUnsigned({ ...match, buy: own.buy });
      await expectUnsigned({ ...match, buySignature: own.buySignature });
    });

    it("kills what an earlier key signed by changing the key", async () => {
      const match = await walletMatch();
      await system.wallet.connect(user(0)).setKey(user(2).address);
      await expectUnsigned(match);
    });

    it("cancels one and all of its orders", async () => {
      const { settlement, wallet } = system;
      const [first, second] = [await walletMatch(), await walletMatch()];
      const { lane, sequence } = first.buy;
      await expect(settlement.connect(user(0)).cancel(account, lane, sequence))
        .to.be.revertedWithCustomError(settlement, "SettlementNotOwner")
        .withArgs(user(0).address, wallet.target);
      const cancel = settlement.interface.encodeFunctionData("cancel", [account, lane, sequence]);
      await wallet.connect(user(0)).execute(settlement.target, cancel);
      await expect(settlement.settle(first)).to.be.revertedWithCustomError(settlement, "SettlementOverfill");
      const cancelAll = settlement.interface.encodeFunctionData("cancelAll", [account]);
      await wallet.connect(user(0)).execute(settlement.target, cancelAll);
      await expect(settlement.settle(second)).to.be.revertedWithCustomError(system.ledger, "LedgerOldEpoch");
    });
  });

  describe("a key with code", () => {
    it("keeps its signature, whatever the code says (EIP-7702)", async () => {
      const match = await orders.tradeMatch(user(0), user(1));
      await networkHelpers.setCode(user(0).address, await system.ethers.provider.getCode(system.hostile.target));
      const code = await system.ethers.getContractAt("HostileWallet", user(0).address);
      await code.connect(user(2)).setMalice(MALICE.deny);
      await expectUnsigned({ ...match, buySignature: "0x" });
      await system.settlement.settle(match);
    });

    it("can also sign by its code", async () => {
      const match = await orders.tradeMatch(user(0), user(1));
      // Its first word is empty, and so it agrees.
      await networkHelpers.setCode(user(0).address, await system.ethers.provider.getCode(system.hostile.target));
      await system.settlement.settle({ ...match, buySignature: "0x" });
    });
  });

  it("takes no precompile for a wallet, not even the one that returns what it is given", async () => {
    const match = await orders.tradeMatch(user(0), user(1), { buy: { account: accountOfContract(IDENTITY) } });
    await expectUnsigned({ ...match, buySignature: "0x" });
  });

  it("takes no contract of the protocol for a wallet", async () => {
    const { settlement, ledger, vault, fund, auction } = system;
    for (const { target } of [settlement, ledger, vault, fund, auction]) {
      const match = await orders.tradeMatch(user(0), user(1), { buy: { account: accountOfContract(target) } });
      await expectUnsigned({ ...match, buySignature: "0x" });
    }
  });

  describe("a hostile one", () => {
    for (const name of ["deny", "dirty", "short", "refuse"] as const) {
      it(`has not signed when it answers so: ${name}`, async () => {
        await system.hostile.setMalice(MALICE[name]);
        await expectUnsigned(await hostileMatch());
      });
    }

    it("has signed when it says so at length, at the cost of its own memory only", async () => {
      await system.hostile.setMalice(MALICE.flood);
      const settled = await system.settlement.settle(await hostileMatch());
      // Half a megabyte costs 573,000 gas where it is made, and as much again where it is copied.
      expect((await settled.wait())!.gasUsed).to.be.lessThan(1_000_000n);
    });

    it("binds only itself when it agrees to everything", async () => {
      await system.hostile.setMalice(MALICE.agree);
      const match = await hostileMatch();
      await system.settlement.settle(match);
      const victim = Wallet.createRandom().address;
      for (const owner of [victim, user(0).address, system.wallet.target]) {
        const buy = { ...match.buy, account: accountOfContract(owner), sequence: match.buy.sequence + 1n };
        await expectUnsigned({ ...match, buy });
      }
    });

    it("costs the caller his gas and nothing else when it burns it", async () => {
      await system.hostile.setMalice(MALICE.burn);
      const match = await hostileMatch();
      await expectUnsigned(match, { gasLimit: 5_000_000 });
      expect((await system.settlement.laneOf(match.sell.account, match.sell.lane)).sequence).to.equal(0);
    });

    it("cannot write while it is asked: no order, no cancellation, no withdrawal", async () => {
      await system.hostile.setMalice(MALICE.reenter);
      const { settlement, vault, usd, hostile } = system;
      const account = accountOfContract(hostile.target);
      const match = await hostileMatch();
      const calls = [
        [settlement, settlement.interface.encodeFunctionData("settle", [match])],
        [settlement, settlement.interface.encodeFunctionData("settleBatch", [[await walletMatch()]])],
        [settlement, settlement.interface.encodeFunctionData("cancel", [account, 3, 1])],
        [settlement, settlement.interface.encodeFunctionData("cancelAll", [account])],
        [
          vault,
          vault.interface.encodeFunctionData("withdraw", [account, usd.target as string, 1, hostile.target as string]),
        ],
      ] as const;
      for (const [{ target }, data] of calls) {
        await hostile.setCall(target, data, toBeHex(0, 32));
        await expectUnsigned(match, { gasLimit: 8_000_000 });
      }
      // It says yes when its call succeeds: reading is allowed.
      const reading = settlement.interface.encodeFunctionData("laneOf", [account, 1]);
      await hostile.setCall(settlement.target, reading, toBeHex(0, 32));
      await settlement.settle(match);
    });

    it("sees no half of the match for which it is asked, on either side and in a batch", async () => {
      const { settlement, ledger, hostile } = system;
      await hostile.setMalice(MALICE.look);
      const before = await orders.tradeMatch(user(1), user(2));
      const match = await hostileMatch();
      const { account, lane } = match.sell;
      const mirrored = await orders.tradeMatch(user(1), user(0), {
        sell: { account: accountOfContract(hostile.target) },
      });
      const views = [
        [settlement, settlement.interface.encodeFunctionData("laneOf", [account, lane])],
        [ledger, ledger.interface.encodeFunctionData("quoteOf", [account])],
        [ledger, ledger.interface.encodeFunctionData("sizeOf", [account, 1])],
        [ledger, ledger.interface.encodeFunctionData("hotWord")],
      ] as const;
      for (const [{ target }, data] of views) {
        const snapshot = await networkHelpers.takeSnapshot();
        await hostile.setCall(target, data, keccak256(await system.ethers.provider.call({ to: target, data })));
        await settlement.settle.staticCall(match);
        await settlement.settle.staticCall({ ...mirrored, sellSignature: "0x" });
        // In a batch it sees the matches before its own, whole.
        await settlement.settle(before);
        const after = keccak256(await system.ethers.provider.call({ to: target, data }));
        await snapshot.restore();
        await hostile.setCall(target, data, after);
        await settlement.settleBatch([before, match]);
        await snapshot.restore();
      }
    });
  });
});
