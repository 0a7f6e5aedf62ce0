import { readFile, writeFile } from "node:fs/promises";

import { expect } from "chai";
import type { InterfaceAbi } from "ethers";
import { artifacts, network } from "hardhat";

import { BOOK_SET } from "../../deploy/buildLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import { attempt, changingFunctions, errorNames } from "../helpers/pauseMatrix/attempt.ts";
import { enterGrade, GRADE_FLAGS, GRADES, RESTRICTED, type Grade } from "../helpers/pauseMatrix/grades.ts";
import { MATRIX } from "../helpers/pauseMatrix/matrix.ts";
import { grownBetween, observe, paidBetween, payableByRule, type Observation } from "../helpers/pauseMatrix/observe.ts";
import { renderMatrix, UPDATE_COMMAND } from "../helpers/pauseMatrix/renderMatrix.ts";
import { CONTRACT_NAMES, SUCCEEDS, type Nature, type Row } from "../helpers/pauseMatrix/Row.ts";
import { deployStage, type Stage } from "../helpers/pauseMatrix/stage.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DOCUMENT = new URL("../../docs/pause-matrix.md", import.meta.url);

type Snapshot = Awaited<ReturnType<typeof networkHelpers.takeSnapshot>>;

const abiOf = async (name: string): Promise<InterfaceAbi> => (await artifacts.readArtifact(name)).abi as InterfaceAbi;

/** Rows of a nature that do not have the wanted outcome in one of `grades`. */
function offenders(nature: Nature, grades: readonly Grade[], isWanted: (outcome: string) => boolean): string[] {
  return MATRIX.filter((row) => row.nature === nature).flatMap(({ fn, situation, outcomes }) => {
    return grades.filter((grade) => !isWanted(outcomes[grade])).map((grade) => `${fn}, ${situation}: ${grade}`);
  });
}

/** Functions that change state and are not in the table. */
function missingFrom(contract: string, abi: InterfaceAbi): string[] {
  const inTable = MATRIX.filter((row) => row.contract === contract).map(({ fn }) => fn);
  return changingFunctions(abi).filter((fn) => !inTable.includes(fn));
}

describe("the pause matrix", () => {
  it("INV-25: has every function that changes state, of every contract of the protocol, and no other", async () => {
    expect(CONTRACT_NAMES).to.have.members([...BOOK_SET, "MarginEngine"]);
    for (const name of CONTRACT_NAMES) {
      const abi = await abiOf(name);
      expect(missingFrom(name, abi), name).to.deep.equal([]);
      const inTable = MATRIX.filter((row) => row.contract === name).map(({ fn }) => fn);
      expect(changingFunctions(abi), name).to.include.members(inTable);
    }
  });

  it("misses a function that somebody adds", async () => {
    const abi = await abiOf("FlawedPositionLedger");
    expect(missingFrom("PositionLedger", abi)).to.deep.equal(["migrateQuote", "migrateSize"]);
    for (const open of ["receive", "fallback"]) {
      expect(missingFrom("MarginEngine", [{ type: open, stateMutability: "payable" }])).to.deep.equal(["fallback"]);
    }
  });

  it("has each situation once", () => {
    const titles = MATRIX.map(({ contract, fn, situation }) => `${contract}.${fn}, ${situation}`);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).to.deep.equal([]);
  });

  it("lets whoever reduces risk or adds margin succeed in every grade", () => {
    for (const nature of ["reduces risk", "adds margin"] as const) {
      expect(offenders(nature, GRADES, (outcome) => outcome === SUCCEEDS)).to.deep.equal([]);
    }
  });

  it("refuses in every restricted grade to take risk, and to pay without two witnesses", () => {
    for (const nature of ["takes risk", "pays"] as const) {
      expect(offenders(nature, RESTRICTED, (outcome) => outcome !== SUCCEEDS)).to.deep.equal([]);
    }
  });

  it("is what docs/pause-matrix.md says", async () => {
    const rendered = renderMatrix(MATRIX);
    if (process.env["UPDATE_PAUSE_MATRIX"] !== undefined) await writeFile(DOCUMENT, rendered);
    const written = await readFile(DOCUMENT, "utf8").catch(() => "");
    expect(written === rendered, `docs/pause-matrix.md is behind; bring it up to date: ${UPDATE_COMMAND}`).to.equal(
      true,
    );
  });
});

describe("every cell of the pause matrix", function () {
  this.timeout(300_000);
  let deployed: Stage;
  let start: Snapshot;
  let names: ReadonlyMap<string, string>;

  before(async () => {
    deployed = await deployStage(connection);
    start = await networkHelpers.takeSnapshot();
    names = errorNames(await Promise.all(CONTRACT_NAMES.map(abiOf)));
  });

  for (const grade of GRADES) {
    describe(grade, () => {
      let stage: Stage;
      let entered: Snapshot;

      before(async () => {
        await start.restore();
        stage = { ...deployed, witness: await enterGrade(deployed, grade, deployed.witness) };
        entered = await networkHelpers.takeSnapshot();
      });

      beforeEach(async () => {
        await entered.restore();
      });

      it("has its flags", async () => {
        expect(await stage.ledger.flags()).to.equal(GRADE_FLAGS[grade]);
      });

      for (const row of MATRIX) {
        it(`${row.contract}.${row.fn}, ${row.situation}: ${row.outcomes[grade]}`, async () => {
          const before = await observe(stage);
          const payable = await allowedBy(stage, row);
          expect(await attempt(stage, row, names)).to.equal(row.outcomes[grade]);
          if (row.outcomes[grade] !== SUCCEEDS) return;
          const after = await observe(stage);
          if (RESTRICTED.includes(grade)) expectPrinciples(stage, row, { before, after, payable });
          else expectNature(row, before, after);
        });
      }
    });
  }
});

/** What a row may pay by the two-witness rule; nothing for one that is not of that nature. */
async function allowedBy(stage: Stage, row: Row): Promise<{ asset: string; amount: bigint } | null> {
  if (row.nature !== "pays witnessed") return null;
  const holding = row.holding!(stage);
  return { asset: holding.asset, amount: await payableByRule(stage, holding, row.fn) };
}

interface Effects {
  readonly before: Observation;
  readonly after: Observation;
  readonly payable: Awaited<ReturnType<typeof allowedBy>>;
}

/** In a restricted grade: no position grows but a bidder's, and nothing is paid beyond the two-witness rule. */
function expectPrinciples(stage: Stage, row: Row, { before, after, payable }: Effects): void {
  const bidder = accountOf(stage.rich);
  const grown = grownBetween(before, after);
  expect(grown.filter((key) => row.nature !== "bids" || !key.startsWith(`${bidder}/`))).to.deep.equal([]);
  for (const [asset, amount] of paidBetween(before, after)) {
    expect(payable?.asset).to.equal(asset);
    expect(amount).to.be.at.most(payable!.amount);
  }
}

/** Elsewhere: a row does what its nature says, so that the principles speak about something. */
function expectNature({ nature }: Row, before: Observation, after: Observation): void {
  const isPaid = paidBetween(before, after).size !== 0;
  expect(isPaid).to.equal(nature === "pays" || nature === "pays witnessed");
  const hasGrown = grownBetween(before, after).length !== 0;
  if (nature !== "bids") expect(hasGrown).to.equal(nature === "takes risk");
}
