import { expect } from "chai";
import { concat, dataLength, dataSlice, getBytes, hexlify, keccak256, toBeHex, type InterfaceAbi } from "ethers";
import { artifacts, network } from "hardhat";

import { BOOK_SET } from "../../deploy/buildLockstep.ts";
import { changingFunctions } from "../helpers/pauseMatrix/attempt.ts";
import { deployLockstep, type Lockstep } from "../fixtures/deployLockstep.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const PUSH1 = 0x60;
const PUSH32 = 0x7f;
/** The compiler puts it between the instructions and what is no code. */
const INVALID = 0xfe;
const MOST_CONSTANTS = 100;
/** Code that runs another contract's code on its own storage, or ends itself. */
const FOREIGN = { callcode: 0xf2, delegatecall: 0xf4, selfdestruct: 0xff } as const;
/** What proxies call the functions that a second caller must not reach. */
const INITIALISERS = /^_*(re)?init|upgrade|proxiable|implementation|setup$|transferownership|changeadmin/i;
/** keccak256("eip1967.proxy.implementation") - 1, and the same of admin and beacon. */
const PROXY_SLOTS = [
  "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
  "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
];

/** Bytes that the constructor fills in: immutables. */
type References = Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>;

/** The instructions of runtime code, without what they push, and how many bytes of constants and metadata follow them. */
function instructionsOf(code: string): { readonly found: ReadonlySet<number>; readonly rest: number } {
  const bytes = getBytes(code);
  const found = new Set<number>();
  let at = 0;
  for (; at < bytes.length && bytes[at] !== INVALID; at += 1) {
    const instruction = bytes[at]!;
    found.add(instruction);
    if (instruction >= PUSH1 && instruction <= PUSH32) at += instruction - PUSH1 + 1;
  }
  return { found, rest: bytes.length - at };
}

/** Hash of runtime code with zeros where the constructor filled something in. */
function hashWithout(code: string, references: References): string {
  const bytes = getBytes(code);
  for (const { start, length } of Object.values(references).flat()) bytes.fill(0, start, start + length);
  return keccak256(hexlify(bytes));
}

async function artifactOf(name: string) {
  const { abi, deployedBytecode, immutableReferences } = await artifacts.readArtifact(name);
  return {
    abi: abi as InterfaceAbi,
    code: deployedBytecode,
    references: (immutableReferences ?? {}) as References,
  };
}

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection);
}

/** There is no proxy in the protocol, and so nothing that is initialised: this says that it stays so. */
describe("F2: contracts that are what their constructors made", () => {
  let system: Lockstep;
  let deployed: Readonly<Record<string, string>>;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    const { vault, ledger, settlement, auction, fund, instruments, oracle, keeperRegistry, guard, registry } = system;
    const books = [vault, ledger, settlement, auction, fund, instruments, oracle, keeperRegistry, guard, registry];
    const pairs = BOOK_SET.map((name, index) => [name, books[index]!.target as string] as const);
    deployed = {
      ...Object.fromEntries(pairs),
      MarginEngine: system.margin.target as string,
      WitnessVerifier: system.verifier.target as string,
    };
  });

  it("have no function that initialises, upgrades or names an implementation", async () => {
    for (const name of Object.keys(deployed)) {
      const names = changingFunctions((await artifactOf(name)).abi);
      expect(
        names.filter((fn) => INITIALISERS.test(fn)),
        name,
      ).to.deep.equal([]);
    }
    // It would be seen if there was one.
    for (const fn of ["initialize", "__init", "reinitialize", "upgradeToAndCall", "proxiableUUID"]) {
      expect(INITIALISERS.test(fn), fn).to.equal(true);
    }
  });

  it("run no other contract's code on their storage, and do not end themselves", async () => {
    for (const [name, address] of Object.entries(deployed)) {
      const { found, rest } = instructionsOf(await system.ethers.provider.getCode(address));
      expect(rest, name).to.be.within(1, MOST_CONSTANTS);
      for (const [word, instruction] of Object.entries(FOREIGN)) {
        expect(found.has(instruction), `${name}: ${word}`).to.equal(false);
      }
    }
    // An EIP-1167 proxy does.
    const clone = concat(["0x363d3d373d3d3d363d73", system.vault.target as string, "0x5af43d82803e903d91602b57fd5bf3"]);
    expect(instructionsOf(clone).found.has(FOREIGN.delegatecall)).to.equal(true);
  });

  it("have the code that was compiled, and nothing where proxies keep their implementation", async () => {
    const { provider } = system.ethers;
    for (const [name, address] of Object.entries(deployed)) {
      const { code, references } = await artifactOf(name);
      const there = await provider.getCode(address);
      expect(dataLength(there), name).to.equal(dataLength(code));
      expect(hashWithout(there, references), name).to.equal(hashWithout(code, references));
      for (const slot of PROXY_SLOTS) expect(BigInt(await provider.getStorage(address, slot)), name).to.equal(0n);
    }
    // A contract that says it is another one, and one with a byte changed, are told.
    const { code, references } = await artifactOf("PositionLedger");
    const flawed = await artifactOf("FlawedPositionLedger");
    expect(hashWithout(flawed.code, references)).to.not.equal(hashWithout(code, references));
    const last = dataLength(code) - 1;
    const changed = concat([dataSlice(code, 0, last), toBeHex(getBytes(code)[last]! ^ 1, 1)]);
    expect(hashWithout(changed, references)).to.not.equal(hashWithout(code, references));
  });

  it("are bound once, by whoever deployed them, and by nobody who comes first or second", async () => {
    const { ethers, users, ledger, keeperRegistry, guard, registry, margin, instruments, usd } = system;
    const [stranger] = users;
    const modules = { vault: users[1]!, settlement: users[2]!, guard: users[3]!, auction: users[4]!, fund: users[5]! };
    const addresses = Object.fromEntries(Object.entries(modules).map(([name, { address }]) => [name, address])) as {
      readonly [Name in keyof typeof modules]: string;
    };
    // Not bound yet: this is where an implementation without a locked initialiser is taken over.
    const limit = await ledger.STALE_LIMIT();
    const parts = [margin.target, instruments.target, usd.target, limit] as const;
    const fresh = await ethers.deployContract("PositionLedger", [...parts]);
    await expect(fresh.connect(stranger).bind(addresses))
      .to.be.revertedWithCustomError(fresh, "LedgerNotDeployer")
      .withArgs(stranger!.address);
    await expect(fresh.connect(stranger).push(0, 0, 0)).to.be.revertedWithCustomError(fresh, "LedgerNotModule");
    await fresh.bind(addresses);
    await expect(fresh.bind(addresses)).to.be.revertedWithCustomError(fresh, "LedgerAlreadyBound");

    const second = [registry.target, guard.target] as const;
    await expect(ledger.bind(addresses)).to.be.revertedWithCustomError(ledger, "LedgerAlreadyBound");
    await expect(guard.bind(registry.target)).to.be.revertedWithCustomError(guard, "GuardAlreadyBound");
    await expect(keeperRegistry.bind(...second)).to.be.revertedWithCustomError(
      keeperRegistry,
      "KeeperRegistryAlreadyBound",
    );
    for (const [sent, contract, name] of [
      [ledger.connect(stranger).bind(addresses), ledger, "LedgerNotDeployer"],
      [guard.connect(stranger).bind(registry.target), guard, "GuardNotDeployer"],
      [keeperRegistry.connect(stranger).bind(...second), keeperRegistry, "KeeperRegistryNotDeployer"],
    ] as const) {
      await expect(sent).to.be.revertedWithCustomError(contract as Lockstep["ledger"], name);
    }
  });
});
