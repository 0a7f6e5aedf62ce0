import { readFileSync } from "node:fs";

import { expect } from "chai";
import { Interface, id } from "ethers";
import { artifacts, network } from "hardhat";

import { ROLES } from "../../deploy/roles.ts";
import { deployLockstep, type Lockstep } from "../fixtures/deployLockstep.ts";

const connection = await network.create();
const DAY = 24 * 60 * 60;
const GUARDED = ROLES.flatMap((role) => role.functions.map((guarded) => ({ role, ...guarded })));
const GUARDED_NAMES = [...new Set(GUARDED.map(({ contract }) => contract))];

function contractOf(system: Lockstep, name: string) {
  const byName: Record<string, { readonly target: unknown }> = {
    CollateralVault: system.vault,
    LiquidationAuction: system.auction,
    InsuranceFund: system.fund,
    InstrumentRegistry: system.instruments,
    PriceOracle: system.oracle,
    KeeperRegistry: system.keeperRegistry,
    SyncGuard: system.guard,
    CheckpointRegistry: system.registry,
  };
  return byName[name]!.target as string;
}

/** Functions with the modifier `restricted`, read from the sources: the ABI does not tell. */
function restrictedFunctions(source: string): string[] {
  const text = readFileSync(new URL(`../../${source}`, import.meta.url), "utf8");
  return [...text.matchAll(/function (\w+)\([^{;]*\)[^{;]*\brestricted\b[^{;]*\{/g)].map(([, name = ""]) => name);
}

describe("roles", () => {
  it("cover every restricted function exactly once", async () => {
    for (const [name, source] of [
      ["CollateralVault", "contracts/clearing/CollateralVault.sol"],
      ["PositionLedger", "contracts/clearing/PositionLedger.sol"],
      ["OrderSettlement", "contracts/clearing/OrderSettlement.sol"],
      ["LiquidationAuction", "contracts/clearing/LiquidationAuction.sol"],
      ["InsuranceFund", "contracts/clearing/InsuranceFund.sol"],
      ["InstrumentRegistry", "contracts/risk/InstrumentRegistry.sol"],
      ["PriceOracle", "contracts/risk/PriceOracle.sol"],
      ["MarginEngine", "contracts/risk/MarginEngine.sol"],
      ["KeeperRegistry", "contracts/sync/KeeperRegistry.sol"],
      ["SyncGuard", "contracts/sync/SyncGuard.sol"],
      ["CheckpointRegistry", "contracts/sync/CheckpointRegistry.sol"],
    ] as const) {
      const inTable = GUARDED.filter(({ contract }) => contract === name);
      const { abi } = await artifacts.readArtifact(name);
      const known = new Interface(abi);
      for (const { signature } of inTable) expect(known.getFunction(signature), signature).to.not.equal(null);
      const names = inTable.map(({ signature }) => signature.slice(0, signature.indexOf("(")));
      expect(names.sort(), name).to.deep.equal(restrictedFunctions(source).sort());
    }
  });

  it("are what the deployment assigns", async () => {
    const system = await deployLockstep(connection);
    for (const { role, contract, signature } of GUARDED) {
      const selector = id(signature).slice(0, 10);
      const assigned = await system.authority.getTargetFunctionRole(contractOf(system, contract), selector);
      expect(assigned, `${contract}.${signature}`).to.equal(role.id);
    }
  });

  it("of contracts are held by these contracts alone", async () => {
    const system = await deployLockstep(connection);
    const holders = [system.admin.address, ...GUARDED_NAMES.map((name) => contractOf(system, name))];
    for (const { id: role, name, holder } of ROLES) {
      const held = [];
      for (const account of holders) if ((await system.authority.hasRole(role, account)).isMember) held.push(account);
      expect(held, name).to.deep.equal([holder === undefined ? system.admin.address : contractOf(system, holder)]);
    }
  });

  it("refuse whoever does not hold them", async () => {
    const system = await deployLockstep(connection);
    const [stranger] = system.users;
    for (const { contract, signature } of GUARDED) {
      const target = contractOf(system, contract);
      const { abi } = await artifacts.readArtifact(contract);
      const known = new Interface(abi);
      const fragment = known.getFunction(signature)!;
      // Enough zero words for any of the functions; the role is asked before the arguments are.
      const data = fragment.selector + "00".repeat(32 * 24);
      const call = stranger!.call({ to: target, data });
      await expect(call, signature).to.be.revertedWithCustomError(system.oracle, "AccessManagedUnauthorized");
    }
  });

  it("act only after their delay, and what is scheduled can be executed once", async () => {
    const parameters = { governanceDelaySeconds: 2 * DAY };
    const { authority, fund, admin, ethers } = await deployLockstep(connection, { parameters });
    const data = fund.interface.encodeFunctionData("setTarget", [5n]);
    await expect(fund.connect(admin).setTarget(5n)).to.be.revertedWithCustomError(
      authority,
      "AccessManagerNotScheduled",
    );
    await authority.connect(admin).schedule(fund.target, data, 0);
    await expect(fund.connect(admin).setTarget(5n)).to.be.revertedWithCustomError(authority, "AccessManagerNotReady");
    await ethers.provider.send("evm_increaseTime", [2 * DAY]);
    await fund.connect(admin).setTarget(5n);
    expect(await fund.targetQuote()).to.equal(5n);
    await expect(fund.connect(admin).setTarget(6n)).to.be.revertedWithCustomError(
      authority,
      "AccessManagerNotScheduled",
    );
  });

  it("are all in docs/roles.md", () => {
    const text = readFileSync(new URL("../../docs/roles.md", import.meta.url), "utf8");
    for (const { id: number, name, functions } of ROLES) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${name}\` (${number})`));
      expect(row, name).to.be.a("string");
      for (const { signature } of functions) expect(row).to.include(signature.slice(0, signature.indexOf("(")));
    }
  });
});
