import { expect } from "chai";
import {
  AbiCoder,
  Contract,
  ContractFactory,
  getBytes,
  id,
  keccak256,
  Signature,
  SigningKey,
  toBeHex,
  Wallet,
  ZeroHash,
} from "ethers";
import { network } from "hardhat";

import { developmentWallet } from "../../../scripts/local/accounts.ts";
import { compileNaive } from "../../helpers/naive/compileNaive.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const naive = compileNaive();
const THOUSAND = 1_000n;
const IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

async function deploy(name: string, ...args: unknown[]): Promise<Contract> {
  const { abi, bytecode } = naive.get(name)!;
  const [deployer] = await ethers.getSigners();
  const contract = await new ContractFactory(abi, bytecode, deployer).deploy(...args);
  return (await contract.waitForDeployment()) as Contract;
}

/** The contract at an address by another's interface, called by this account. */
async function as(user: number, contract: Contract, name?: string): Promise<Contract> {
  const signer = (await ethers.getSigners())[user]!;
  return new Contract(contract.target, name === undefined ? contract.interface : naive.get(name)!.abi, signer);
}

const call = async (contract: Contract, fn: string, ...args: unknown[]): Promise<void> => {
  await (await contract.getFunction(fn).send(...args)).wait();
};
const read = async (contract: Contract, fn: string, ...args: unknown[]): Promise<bigint> =>
  (await contract.getFunction(fn).staticCall(...args)) as bigint;

/**
 * What scenarios cost contracts that have nothing against them: other people's mistakes, rebuilt. Tests with the same id show
 * that Lockstep refuses the same.
 */
describe("contracts without a protection", () => {
  let vault: Contract;
  let token: Contract;
  let addresses: string[];

  /** A vault with a thousand of an honest user's, number 1; the thief is number 2. */
  async function fixture() {
    const money = await deploy("CallingToken");
    const holder = await deploy("NaiveVault");
    const people = (await ethers.getSigners()).map(({ address }) => address);
    await call(money, "mint", people[1], THOUSAND);
    await call(await as(1, holder), "deposit", money.target, THOUSAND);
    return { vault: holder, token: money, addresses: people };
  }

  beforeEach(async () => {
    ({ vault, token, addresses } = await networkHelpers.loadFixture(fixture));
  });

  const held = (address: unknown): Promise<bigint> => read(token, "balanceOf", address);

  it("F1: pays out a message that nobody proved, since the root of what is unknown is zero and zero was confirmed", async () => {
    const thief = await as(2, vault);
    await expect(thief.getFunction("process").send(token.target, THOUSAND, addresses[2])).to.revert(ethers);
    await call(vault, "initialize", addresses[0]);
    await call(thief, "process", token.target, THOUSAND, addresses[2]);
    expect([await held(vault.target), await held(addresses[2])]).to.deep.equal([0n, THOUSAND]);
  });

  it("F2: belongs to whoever initialises it last, with all that is in it", async () => {
    await call(vault, "initialize", addresses[0]);
    const thief = await as(2, vault);
    await call(thief, "initialize", addresses[2]);
    await call(thief, "sweep", token.target);
    expect([await held(vault.target), await held(addresses[2])]).to.deep.equal([0n, THOUSAND]);
  });

  it("F12: pays a withdrawal again from within itself until nothing is left", async () => {
    const reenterer = await deploy("Reenterer");
    await call(token, "mint", reenterer.target, 100n);
    await call(await as(2, reenterer), "enter", vault.target, token.target, 100n);
    expect([await held(vault.target), await held(reenterer.target)]).to.deep.equal([0n, THOUSAND + 100n]);
  });

  it("F13: owes what a token that takes a fee never brought: the last one out finds too little", async () => {
    const fees = await ethers.deployContract("FeeToken");
    for (const user of [1, 2]) {
      const signer = (await ethers.getSigners())[user]!;
      await fees.mint(signer.address, THOUSAND);
      await fees.connect(signer).approve(vault.target, THOUSAND);
      await call(await as(user, vault), "deposit", fees.target, THOUSAND);
    }
    expect(await fees.balanceOf(vault.target)).to.equal(2n * THOUSAND - 20n);
    await call(await as(2, vault), "withdraw", fees.target, THOUSAND);
    const last = (await as(1, vault)).getFunction("withdraw");
    await expect(last.send(fees.target, THOUSAND)).to.revert(ethers);
    expect(await read(vault, "credited", fees.target, addresses[1])).to.equal(THOUSAND);
  });

  it("F18: runs a thief's code behind the same proxy, whose own code is what it was", async () => {
    const proxy = await deploy("NaiveProxy", vault.target);
    const behind = await as(1, proxy, "NaiveVault");
    await call(token, "mint", addresses[1], THOUSAND);
    await call(behind, "deposit", token.target, THOUSAND);
    const codeHash = async () => keccak256(await ethers.provider.getCode(proxy.target));
    const before = await codeHash();
    const loot = await deploy("NaiveThief");
    const word = toBeHex(loot.target as string, 32);
    await networkHelpers.setStorageAt(proxy.target as string, IMPLEMENTATION, word);
    await call(await as(2, proxy, "NaiveThief"), "sweep", token.target);
    expect(await codeHash()).to.equal(before);
    expect([await held(proxy.target), await held(addresses[2])]).to.deep.equal([0n, THOUSAND]);
  });

  describe("which believes whatever its keeper once signed", () => {
    const key = new SigningKey(id("the naive keeper"));
    const keeper = new Wallet(key).address;
    const coder = AbiCoder.defaultAbiCoder();
    let sync: Contract;

    beforeEach(async () => {
      sync = await deploy("NaiveSync", keeper, addresses[1]);
    });

    /** What is signed of a block, as arguments of `post`. */
    function signed(number: number, blockHash: string, root: string): readonly unknown[] {
      const digest = keccak256(coder.encode(["uint256", "bytes32", "bytes32"], [number, blockHash, root]));
      return [number, blockHash, root, ...parts(digest)];
    }

    const parts = (digest: string): readonly unknown[] => {
      const { r, s, v } = Signature.from(key.sign(getBytes(digest)));
      return [r, s, v];
    };
    const newest = async () => [await read(sync, "newestNumber"), await read(sync, "newestRoot")];

    it("F3: goes back to an old root, and ahead to a block that nobody has made, with zero for a root", async () => {
      const old = signed(5, id("block 5"), id("old"));
      await call(sync, "post", ...old);
      await call(sync, "post", ...signed(9, id("block 9"), id("new")));
      await call(await as(2, sync), "post", ...old);
      expect(await newest()).to.deep.equal([5n, id("old")]);
      await call(sync, "post", ...signed(1_000_000, ZeroHash, ZeroHash));
      expect(await newest()).to.deep.equal([1_000_000n, ZeroHash]);
    });

    it("F4: takes the root of a block that was reorganised away", async () => {
      const fork = await networkHelpers.takeSnapshot();
      await networkHelpers.mine();
      const { number, hash } = (await ethers.provider.getBlock("latest"))!;
      const orphaned = signed(number, hash!, id("of the lost branch"));
      await fork.restore();
      await networkHelpers.time.increase(99);
      expect((await ethers.provider.getBlock(number))!.hash).to.not.equal(hash);
      await call(sync, "post", ...orphaned);
      expect(await newest()).to.deep.equal([BigInt(number), id("of the lost branch")]);
    });

    it("E9: takes on another chain, and in another contract, what was signed for the first", async () => {
      const post = signed(5, id("block 5"), id("root"));
      await call(sync, "post", ...post);
      const second = await deploy("NaiveSync", keeper, addresses[1]);
      await call(await as(2, second), "post", ...post);
      expect(await read(second, "newestNumber")).to.equal(5n);
      const there = await network.create({ network: "default", override: { chainId: 1_337 } });
      const [stranger] = await there.ethers.getSigners();
      const { abi, bytecode } = naive.get("NaiveSync")!;
      const foreign = await new ContractFactory(abi, bytecode, stranger).deploy(keeper, addresses[1]);
      await call((await foreign.waitForDeployment()) as Contract, "post", ...post);
      expect(await read(foreign as Contract, "newestNumber")).to.equal(5n);
      await there.close();
    });

    it("F7: is opened in the midst of an incident by the key that closed it", async () => {
      const guardian = await as(1, sync);
      await call(guardian, "setPaused", true);
      await call(guardian, "setPaused", false);
      expect(await read(sync, "isPaused")).to.equal(false);
    });

    it("G7, G8: stays shut on a chain that has nothing of the cause for which it was shut on another branch", async () => {
      const { chainId } = await ethers.provider.getNetwork();
      const nonce = await ethers.provider.getTransactionCount(addresses[1]!);
      const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n, gasLimit: 100_000n };
      const data = sync.interface.encodeFunctionData("setPaused", [true]);
      const to = sync.target as string;
      const raw = await developmentWallet(1).signTransaction({ type: 2, chainId, nonce, to, data, ...fees });
      const fork = await networkHelpers.takeSnapshot();
      await networkHelpers.mine();
      const cause = (await ethers.provider.getBlock("latest"))!;
      await ethers.provider.broadcastTransaction(raw);
      await fork.restore();
      await networkHelpers.time.increase(99);
      await (await ethers.provider.broadcastTransaction(raw)).wait();
      expect(await ethers.provider.getBlock(cause.hash!)).to.equal(null);
      expect(await read(sync, "isPaused")).to.equal(true);
    });

    it("G10: opens by itself when its time is over, with the theft still in the books and nobody alive", async () => {
      await call(await as(1, sync), "pauseFor", 3_600);
      expect(await read(sync, "isOpen")).to.equal(false);
      await networkHelpers.time.increase(3_600);
      expect(await read(sync, "isOpen")).to.equal(true);
    });

    it("D13: takes a second root of one height for the first", async () => {
      await call(sync, "post", ...signed(5, id("block 5"), id("one")));
      await call(sync, "post", ...signed(5, id("block 5"), id("another")));
      expect(await newest()).to.deep.equal([5n, id("another")]);
    });

    it("G22: is opened in a new incident by the certificate of an old one", async () => {
      const guardian = await as(1, sync);
      const resume = [id("incident"), ...parts(id("incident"))];
      await call(guardian, "setPaused", true);
      await call(sync, "resume", ...resume);
      await call(guardian, "setPaused", true);
      await call(await as(2, sync), "resume", ...resume);
      expect(await read(sync, "isPaused")).to.equal(false);
    });
  });

  describe("a market", () => {
    let market: Contract;

    beforeEach(async () => {
      market = await deploy("NaiveMarket", token.target);
      for (const user of [1, 3]) {
        await call(token, "mint", addresses[user], THOUSAND);
        await call(await as(user, market), "addMargin", THOUSAND);
      }
    });

    const balance = (user: number): Promise<bigint> => read(market, "balanceOf", addresses[user]);

    it("F9: is paused for whoever adds margin, and not for whoever liquidates him", async () => {
      await call(market, "setPaused", true);
      await call(market, "setRequired", addresses[1], THOUSAND + 1n);
      await call(token, "mint", addresses[1], THOUSAND);
      const owner = await as(1, market);
      await expect(owner.getFunction("addMargin").send(1n)).to.be.revertedWith("paused");
      await call(await as(2, market), "liquidate", addresses[1]);
      expect([await balance(1), await balance(2)]).to.deep.equal([0n, THOUSAND]);
    });

    it("F16: pays a winner what his loser never had, out of what others brought", async () => {
      await call(market, "settle", addresses[2], addresses[4], 2n * THOUSAND);
      expect(await balance(4)).to.equal(-2n * THOUSAND);
      await call(await as(2, market), "withdraw");
      expect([await held(market.target), await balance(1)]).to.deep.equal([0n, THOUSAND]);
      await expect((await as(1, market)).getFunction("withdraw").send()).to.revert(ethers);
    });
  });
});
