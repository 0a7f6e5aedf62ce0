import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import { expect } from "chai";

import LockstepModule from "../../deploy/modules/Lockstep.ts";
import { ROLES } from "../../deploy/roles.ts";
import { checkDeployment } from "../../scripts/deploy/checkDeployment.ts";
import { dryRun } from "../../scripts/deploy/dryRun.ts";
import { judgeParameters, NETWORK_KINDS, type NetworkKind } from "../../scripts/deploy/parameterRules.ts";
import { completeParameters, declaredParameters, type Parameters } from "../../scripts/deploy/readParameters.ts";

const MAIN = fileURLToPath(new URL("../../scripts/deploy/main.ts", import.meta.url));
const DECLARED = declaredParameters(LockstepModule);
const KEY = `0x${"11".repeat(20)}`;
const ZERO = `0x${"00".repeat(20)}`;

function pathOf(network: NetworkKind): string {
  return fileURLToPath(new URL(`../../deploy/parameters/${network}.json5`, import.meta.url));
}

async function parametersOf(network: NetworkKind): Promise<Parameters> {
  const file = (await readDeploymentParameters(pathOf(network))) as { readonly Lockstep: Record<string, unknown> };
  return completeParameters(file.Lockstep, DECLARED);
}

/** Refusals of a file's parameters with some of them changed. */
async function refusalsOf(network: NetworkKind, changed: Parameters): Promise<readonly string[]> {
  return judgeParameters({ ...(await parametersOf(network)), ...changed }, network).refusals;
}

describe("Deployment parameters", function () {
  this.timeout(60_000);

  for (const network of NETWORK_KINDS) {
    it(`of ${network}.json5 make a protocol that holds together`, async () => {
      const { refusals, run, warnings } = await checkDeployment(pathOf(network), network);
      expect(refusals).to.deep.equal([]);
      expect(run?.contracts.map(({ name }) => name)).to.include.members(["SyncGuard", "AccessManager", "MarginEngine"]);
      expect(run?.roles).to.have.length(ROLES.length + 1);
      expect(warnings.length > 0, "a public network leaves something to see to").to.equal(network !== "local");
    });

    it(`of ${network}.json5 name every parameter that is a number`, async () => {
      const text = await readFile(pathOf(network), "utf8");
      for (const { name, defaultValue } of DECLARED) {
        // Accounts and feeds are for whoever deploys to name.
        const isAddress = typeof defaultValue === "string" || defaultValue === null;
        if (!isAddress) expect(text, name).to.match(new RegExp(`^ +${name}: `, "m"));
      }
    });
  }

  it("of local.json5 are the defaults of the module", async () => {
    expect(await parametersOf("local")).to.deep.equal(completeParameters({}, DECLARED));
  });

  it("that are absurd are refused by their name", async () => {
    const absurd: Readonly<Record<string, Parameters>> = {
      staleLimitSeconds: { staleLimitSeconds: 60 },
      viewTimeSeconds: { viewTimeSeconds: 600 },
      softTimeSeconds: { softTimeSeconds: 2 * 86_400 },
      coolDownSeconds: { coolDownSeconds: 600 },
      graceSeconds: { graceSeconds: 0 },
      windDownSeconds: { windDownSeconds: 3_600 },
      claimPeriodSeconds: { claimPeriodSeconds: 3_600 },
      postWindowBlocks: { postWindowBlocks: 257 },
      bond: { bond: 1n },
      minKeepers: { minKeepers: 1 },
      joinDelaySeconds: { joinDelaySeconds: 0 },
      unbondingSeconds: { unbondingSeconds: 3_600 },
      challengerPpm: { challengerPpm: 900_000 },
      feedMaxAgeSeconds: { feedMaxAgeSeconds: 7 * 86_400 },
      makerFeePpm: { makerFeePpm: 600 },
      takerFeePpm: { takerFeePpm: 50_000 },
      maxOpenInterest: { maxOpenInterest: 0n },
      settlementCap: { settlementCap: 0n },
      outflowPpm: { outflowPpm: 1_000_000 },
      allowancePpm: { allowancePpm: 60_000 },
      outflowPeriodSeconds: { outflowPeriodSeconds: 1 },
      auctionSeconds: { auctionSeconds: 60 },
      maxDiscountPpm: { maxDiscountPpm: 50_000 },
      liquidationWindowSeconds: { liquidationWindowSeconds: 0 },
      liquidationCapacity: { liquidationCapacity: 0n },
      fundTarget: { fundTarget: 0n },
      governanceDelaySeconds: { governanceDelaySeconds: 0 },
      attester: { attester: ZERO },
      pauser: { attester: KEY, pauser: KEY },
    };
    for (const [name, changed] of Object.entries(absurd)) {
      const refused = (await refusalsOf("mainnet", changed)).map((refusal) => refusal.split(":")[0]);
      expect(refused, name).to.include(name);
    }
    const free = ["sequencerFeed", "sequencerGraceSeconds"];
    expect([...Object.keys(absurd), ...free]).to.have.members(DECLARED.map(({ name }) => name));
  });

  it("of a local network are refused for real money, and those of a test network too", async () => {
    for (const network of ["local", "testnet"] as const) {
      const { refusals } = judgeParameters(await parametersOf(network), "mainnet");
      expect(refusals.map((refusal) => refusal.split(":")[0])).to.include("governanceDelaySeconds");
    }
  });

  it("that the contracts refuse are told with the contract and its error", async () => {
    const parameters = { ...(await parametersOf("mainnet")), challengerPpm: 900_000 };
    const failure = await dryRun(parameters, "mainnet").then(
      () => "",
      (error: unknown) => String(error),
    );
    expect(failure)
      .to.match(/KeeperRegistry/)
      .and.to.match(/KeeperRegistryBadTerms/);
  });

  it("with a slip in a name, a kind or a module are refused, and what was meant is named", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lockstep-parameters-"));
    try {
      const path = join(folder, "spoiled.json5");
      for (const [text, refusal] of [
        ["{ Lockstep: { softTimeSecond: 1 } }", /^softTimeSecond: .* softTimeSeconds was probably meant/],
        ['{ Lockstep: { softTimeSeconds: "an hour" } }', /^softTimeSeconds: a number is expected/],
        ["{ Lockstep: { softTimeSeconds: 1.5 } }", /^softTimeSeconds: 1.5 is no whole number/],
        ['{ Lockstep: { attester: "0x12" } }', /^attester: 0x12 is no address/],
        ["{ LockStep: {} }", /^LockStep: no module/],
      ] as const) {
        await writeFile(path, text);
        const { refusals, run } = await checkDeployment(path, "local");
        expect(refusals.join("\n"), text).to.match(refusal);
        expect(run).to.equal(null);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("are checked from the command line: 0, 1 with the refusal, 2 for a slip", async () => {
    const run = async (...args: readonly string[]): Promise<{ code: number; stdout: string }> => {
      try {
        return { code: 0, ...(await promisify(execFile)("node", [MAIN, ...args])) };
      } catch (error: unknown) {
        return error as { code: number; stdout: string };
      }
    };
    const passed = await run("--parameters", pathOf("testnet"), "--network", "testnet", "--json");
    expect(passed.code).to.equal(0);
    expect(JSON.parse(passed.stdout)).to.include({ ok: true });
    const refused = await run("--parameters", pathOf("local"));
    expect(refused.code).to.equal(1);
    expect(refused.stdout).to.match(/REFUSED: minKeepers: 1 /);
    expect((await run("--nonsense")).code).to.equal(2);
    expect((await run("--parameters", "/no/such/file")).code).to.equal(1);
  });
});
