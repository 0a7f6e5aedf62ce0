import { expect, use } from "chai";
import { network } from "hardhat";
import { lockstepMatchers, rpcOver, Staging, type InProcessKeeper } from "lockstep/testing";

import { storage as ledger } from "../../keeper/books/generated/PositionLedger.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { developmentWallet } from "../../scripts/local/accounts.ts";
import type { ExampleLender } from "../../types/ethers-contracts/index.ts";
import { depositUsd, deployLockstep, type Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import { addressesOf } from "../keeper/books/BooksFollower.ts";

use(lockstepMatchers);

const USD = 10n ** 6n;
const POOL = 1_000_000n * USD;
/** Two million, in the ledger's 1e-18 quote. */
const FORGED = 2_000_000n * 10n ** 18n;

// The example of docs/testing.md.
describe("ExampleLender, somebody else's contract", () => {
  let system: Lockstep;
  let staging: Staging;
  let lender: ExampleLender;
  let account: Hash;

  beforeEach(async () => {
    const connection = await network.create();
    system = await deployLockstep(connection);
    const [thief] = system.users;
    account = accountOf(thief!) as Hash;
    lender = await connection.ethers.deployContract("ExampleLender", [system.ledger.target, system.usd.target]);
    await system.usd.mint(lender.target, POOL);
    await depositUsd(system, thief!, 1_000n * USD);
    staging = await Staging.on(rpcOver(connection.provider), { contracts: addressesOf(system), deploymentBlock: 1 });
  });

  afterEach(() => system.connection.close());

  const borrow = (amount: bigint) => lender.connect(system.users[0]!).borrow(account, amount);

  /** The thief's balance becomes two million, and no event says so. */
  async function forgeBalance(): Promise<void> {
    const slot = ledger.accounts.slot(account);
    const word = ledger.accounts.update(await staging.wordAt("PositionLedger", slot), { quote: FORGED });
    await staging.tamper("PositionLedger", slot, word);
  }

  const guarding = (): InProcessKeeper => staging.keeper({ keys: { pause: developmentWallet(1) } });

  it("lends half of what is booked, to the owner", async () => {
    await borrow(500n * USD);
    await expect(borrow(1n)).to.be.revertedWithCustomError(lender, "ExampleLenderTooMuch");
    const stranger = lender.connect(system.users[1]!);
    await expect(stranger.borrow(account, 1n)).to.be.revertedWithCustomError(lender, "ExampleLenderNotOwner");
  });

  it("lends all it has against a forged balance when nobody looks", async () => {
    await forgeBalance();
    await staging.mine();
    await expect(borrow(POOL)).to.changeTokenBalance(system.ethers, system.usd, lender, -POOL);
  });

  it("lends nothing against a forged balance when a keeper guards the books", async () => {
    const keeper = guarding();
    await expect(staging.attack(keeper, forgeBalance)).to.be.contained.within(1).blocks;
    expect(keeper.verdict).to.be.diverged("unexplained-write", "PositionLedger");
    await expect(borrow(POOL)).to.be.revertedWithCustomError(lender, "ExampleLenderBooksRestricted");
    expect(await system.usd.balanceOf(lender.target)).to.equal(POOL);
  });

  it("is not guarded by a keeper without a pause key", async () => {
    const keeper = staging.keeper();
    await expect(staging.attack(keeper, forgeBalance)).to.not.be.contained.within(3).blocks;
    expect(keeper.verdict).to.be.diverged("unexplained-write");
  });

  it("is guarded while one of three sources lies, and the keeper knows which", async () => {
    const sources = staging.sources("honest", "alsoHonest", "liar");
    const keeper = staging.keeper({ rpcs: sources, keys: { pause: developmentWallet(1) } });
    sources.liar.lie = (method, params, ask) =>
      method === "eth_getProof" ? { storageProof: [] } : ask(method, params);
    await expect(staging.attack(keeper, forgeBalance)).to.be.contained.within(1).blocks;
    expect([...new Set(keeper.all("quarantine").map(({ source }) => source))]).to.deep.equal(["liar"]);
  });

  it("is not restricted for a reorg", async () => {
    const keeper = guarding();
    const reorg = await staging.fork();
    await depositUsd(system, system.users[0]!, 1_000n * USD);
    await keeper.follow();
    await reorg();
    await keeper.follow();
    expect(keeper.verdict).to.be.inSync;
    await borrow(500n * USD);
  });
});
