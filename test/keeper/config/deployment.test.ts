import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { CONTRACT_NAMES, loadDeployment, parseDeployment } from "../../../keeper/config/deployment.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";

/** From the test cases of EIP-55. */
const CHECKSUMMED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

function addresses(): Record<string, unknown> {
  return Object.fromEntries(CONTRACT_NAMES.map((name, index) => [name, `0x${(index + 16).toString(16).repeat(20)}`]));
}

function problemsOf(value: unknown, path = "deployment.json"): readonly string[] {
  try {
    parseDeployment(value, path);
  } catch (error: unknown) {
    if (!(error instanceof KeeperError)) throw error;
    expect(error.code).to.equal("DeploymentInvalid");
    return error.payload["problems"] as string[];
  }
  return [];
}

describe("parseDeployment", () => {
  const plain = (change: object = {}, contracts: object = {}): unknown => ({
    chainId: 1,
    deploymentBlock: 7,
    contracts: { ...addresses(), ...contracts },
    ...change,
  });

  it("names what is missing or unknown, and what was probably meant", () => {
    const { SyncGuard, ...rest } = addresses();
    expect(problemsOf({ chainId: 1, deploymentBlock: 0, contracts: { ...rest, SyncGard: SyncGuard } })).to.deep.equal([
      "SyncGard is unknown, did you mean SyncGuard?",
      "SyncGuard is missing",
    ]);
    expect(problemsOf(plain({ chainID: 1 }))).to.deep.equal(["chainID is unknown, did you mean chainId?"]);
    expect(problemsOf({}).length).to.equal(CONTRACT_NAMES.length + 3);
  });

  it("refuses what is no chain id, block number or object", () => {
    for (const chainId of [0, -1, 1.5, "1", 2 ** 53]) expect(problemsOf(plain({ chainId })).length).to.equal(1);
    for (const deploymentBlock of [-1, 0.5, "0", null]) {
      expect(problemsOf(plain({ deploymentBlock })).length).to.equal(1);
    }
    for (const value of [null, [], 7, "x"]) expect(problemsOf(value).length).to.equal(1);
  });

  it("refuses what is no address: wrong digits, zero, a wrong checksum, one taken twice", () => {
    const wrong = ["0x12", `0x${"g".repeat(40)}`, 7, null, `0x${"0".repeat(40)}`, CHECKSUMMED.replace("aA", "Aa")];
    for (const address of wrong) {
      expect(problemsOf(plain({}, { SyncGuard: address })).length, String(address)).to.equal(1);
    }
    const { PriceOracle } = addresses();
    expect(problemsOf(plain({}, { SyncGuard: PriceOracle }))).to.deep.equal([
      "SyncGuard has the same address as PriceOracle",
    ]);
  });

  it("lower-cases addresses, whether checksummed or in one case", () => {
    for (const address of [CHECKSUMMED, CHECKSUMMED.toLowerCase(), `0x${CHECKSUMMED.slice(2).toUpperCase()}`]) {
      const deployment = parseDeployment(plain({}, { SyncGuard: address }), "d.json");
      expect(deployment.contracts.SyncGuard).to.equal(CHECKSUMMED.toLowerCase());
      expect([deployment.chainId, deployment.deploymentBlock]).to.deep.equal([1, 7]);
    }
  });

  it("does not take inherited names for contracts", () => {
    const inherited = JSON.parse(
      '{"chainId":1,"deploymentBlock":0,"contracts":{"__proto__":{"SyncGuard":"x"}}}',
    ) as unknown;
    expect(problemsOf(inherited)).to.include("__proto__ is unknown").and.include("SyncGuard is missing");
  });
});

describe("loadDeployment", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lockstep-deployment-"));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function writeIgnition(folder: string, contracts: object): string {
    mkdirSync(join(directory, folder));
    const path = join(directory, folder, "deployed_addresses.json");
    writeFileSync(path, JSON.stringify(contracts));
    return path;
  }

  const prefixed = (): Record<string, unknown> =>
    Object.fromEntries(Object.entries(addresses()).map(([name, address]) => [`Lockstep#${name}`, address]));

  it("refuses a file that is missing or no JSON", () => {
    const path = join(directory, "d.json");
    expect(() => loadDeployment(path)).to.throw(KeeperError, "ENOENT");
    writeFileSync(path, "{");
    expect(() => loadDeployment(path)).to.throw(KeeperError, "no JSON");
  });

  it("reads what Ignition writes, the chain from the folder and the rest passed over", () => {
    const path = writeIgnition("chain-31337", { ...prefixed(), "Lockstep#SomeLibrary": `0x${"99".repeat(20)}` });
    const deployment = loadDeployment(path);
    expect([deployment.chainId, deployment.deploymentBlock]).to.deep.equal([31337, 0]);
    expect(deployment.contracts).to.deep.equal(addresses());
  });

  it("refuses an Ignition file outside its folder, incomplete, or with one contract of two modules", () => {
    const outside = writeIgnition("other", prefixed());
    expect(() => loadDeployment(outside)).to.throw(KeeperError, "no folder chain-<id>");
    const empty = writeIgnition("chain-1", {});
    expect(() => loadDeployment(empty)).to.throw(KeeperError, "CollateralVault is missing");
    const twice = writeIgnition("chain-2", { ...prefixed(), "Other#SyncGuard": `0x${"99".repeat(20)}` });
    expect(() => loadDeployment(twice)).to.throw(KeeperError, "SyncGuard is deployed by two modules");
  });
});
