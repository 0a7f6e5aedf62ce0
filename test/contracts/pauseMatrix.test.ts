import { readFile, writeFile } from "node:fs/promises";

import { expect } from "chai";
import type { InterfaceAbi } from "ethers";
import { artifacts, network } from "hardhat";

import { BOOK_SET } from "../../deploy/buildLockstep.ts";
import { ROLES } from "../../deploy/roles.ts";
import { accountOf } from "../helpers/accounts.ts";
import { attempt, attemptAs, changingFunctions, errorNames, prepareCall } from "../helpers/pauseMatrix/attempt.ts";
import type { Call, ErrorNames } from "../helpers/pauseMatrix/attempt.ts";
import { castOf } from "../helpers/pauseMatrix/callers.ts";
import { enterGrade, GRADE_FLAGS, GRADES, RESTRICTED, STOPPED, type Grade } from "../helpers/pauseMatrix/grades.ts";
import { MATRIX } from "../helpers/pauseMatrix/matrix.ts";
import { grownBetween, observe, paidBetween, payableByRule, type Observation } from "../helpers/pauseMatrix/observe.ts";
import { renderMatrix, UPDATE_COMMAND } from "../helpers/pauseMatrix/renderMatrix.ts";
import {
  callerOf,
  CONTRACT_NAMES,
  DOES_NOTHING,
  SUCCEEDS,
  titleOf,
  type Nature,
  type Row,
} from "../helpers/pauseMatrix/Row.ts";
import { deployStage, type Stage } from "../helpers/pauseMatrix/stage.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const UNAUTHORIZED = "AccessManagedUnauthorized";
const DOCUMENT = new URL("../../docs/pause-matrix.md", import.meta.url);

type Snapshot = Awaited<ReturnType<typeof networkHelpers.takeSnapshot>>;

const abiOf = async (name: string): Promise<InterfaceAbi> => (await artifacts.readArtifact(name)).abi as InterfaceAbi;

/** Rows of a nature that do not have the wanted outcome in one of `grades`. */
function offenders(nature: Nature, grades: readonly Grade[], isWanted: (outcome: string) => boolean): string[] {
  return MATRIX.filter((row) => row.nature === nature).flatMap((row) => {
    return grades.filter((grade) => !isWanted(row.outcomes[grade])).map((grade) => `${titleOf(row)}: ${grade}`);
  });
}

/** The rows of a function. */
function rowsOf(contract: string, fn: string): readonly Row[] {
  return MATRIX.filter((row) => row.contract === contract && row.fn === fn);
}

/** Functions that change state and are not in the table. */
function missingFrom(contract: string, abi: InterfaceAbi): string[] {
  const inTable = MATRIX.filter((row) => row.contract === contract).map(({ fn }) => fn);
  return changingFunctions(abi).filter((fn) => !inTable.includes(fn));
}

describe("F9: the pause matrix", () => {
  it("INV-25: has every function that changes state, of every contract of the protocol, and no other", async () => {
    expect(CONTRACT_NAMES).to.have.members([...BOOK_SET, "MarginEngine", "WitnessVerifier"]);
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
    const titles = MATRIX.map(titleOf);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).to.deep.equal([]);
  });

  it("says of every function that is not for anyone what becomes of everybody else", () => {
    const closed = MATRIX.filter(({ contract, fn }) => !rowsOf(contract, fn).some((row) => callerOf(row) === "anyone"));
    const silent = closed.filter(({ contract, fn }) => !rowsOf(contract, fn).some(({ by }) => by === "anyone else"));
    expect(silent.map(titleOf)).to.deep.equal([]);
  });

  it("gives what is restricted to the holders of its role, and to nobody else in any grade", () => {
    const restricted = ROLES.flatMap(({ functions, holder }) => functions.map((guarded) => ({ ...guarded, holder })));
    for (const { contract, signature, holder } of restricted) {
      const rows = rowsOf(contract, signature.slice(0, signature.indexOf("(")));
      const refused = rows.filter(({ by }) => by === "anyone else");
      expect(refused.length, signature).to.equal(1);
      expect([...new Set(refused.flatMap(({ outcomes }) => Object.values(outcomes)))]).to.deep.equal([UNAUTHORIZED]);
      // What contracts may call is seen in the functions that call it.
      const held = rows.filter(({ by }) => by === "governance");
      expect(held.length !== 0, signature).to.equal(holder === undefined);
      expect(held.flatMap(({ outcomes }) => Object.values(outcomes))).to.not.include(UNAUTHORIZED);
    }
    const names = restricted.map(
      ({ contract, signature }) => `${contract}.${signature.slice(0, signature.indexOf("("))}`,
    );
    const claimed = MATRIX.filter(({ by }) => by === "governance").map(({ contract, fn }) => `${contract}.${fn}`);
    expect(claimed.filter((name) => !names.includes(name))).to.deep.equal([]);
  });

  it("lets whoever reduces risk or adds margin succeed in every grade, and whoever posts, proves or convicts", () => {
    for (const nature of ["reduces risk", "adds margin", "judges"] as const) {
      expect(offenders(nature, GRADES, (outcome) => outcome === SUCCEEDS)).to.deep.equal([]);
    }
  });

  it("refuses in every restricted grade to take risk, and to pay without two witnesses", () => {
    for (const nature of ["takes risk", "pays"] as const) {
      expect(offenders(nature, RESTRICTED, (outcome) => outcome !== SUCCEEDS)).to.deep.equal([]);
    }
  });

  it("INV-30: ends no halt but by a quorum's certificate, and no wind-down", () => {
    expect(offenders("lifts", STOPPED, (outcome) => outcome !== SUCCEEDS)).to.deep.equal([]);
    expect(offenders("resumes", ["Wind-down"], (outcome) => outcome === "GuardWindDown")).to.deep.equal([]);
    expect(MATRIX.filter((row) => row.nature === "resumes" && row.outcomes.Halted === SUCCEEDS).length).to.equal(1);
  });

  it("leaves the flat account a way out with all that is proven, in every grade", () => {
    const exits = MATRIX.filter(({ isExit }) => isExit);
    expect(GRADES.filter((grade) => !exits.some(({ outcomes }) => outcomes[grade] === SUCCEEDS))).to.deep.equal([]);
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
  let names: ErrorNames;

  before(async () => {
    deployed = await deployStage(connection);
    start = await networkHelpers.takeSnapshot();
    names = errorNames(await Promise.all([...CONTRACT_NAMES, "Quorum"].map(abiOf)));
  });

  for (const grade of GRADES) {
    describe(grade, () => {
      let stage: Stage;
      let entered: Snapshot;
      let before_: Observation;

      before(async () => {
        await start.restore();
        stage = { ...deployed, witness: await enterGrade(deployed, grade) };
        before_ = await observe(stage);
        entered = await networkHelpers.takeSnapshot();
      });

      beforeEach(async () => {
        await entered.restore();
      });

      it("has its flags", () => {
        expect(before_.flags).to.equal(GRADE_FLAGS[grade]);
      });

      for (const row of MATRIX) {
        const outcome = row.outcomes[grade];
        it(`${titleOf(row)}: ${outcome}`, async () => {
          const payable = outcome === SUCCEEDS ? await allowedBy(stage, row) : null;
          const call = await prepareCall(stage, row);
          expect(await attempt(stage, row, call, names)).to.equal(outcome);
          if (row.by === "anyone else") await expectOthersAlike(stage, row, call, { outcome, names });
          if (outcome !== SUCCEEDS) return;
          const effects = { before: before_, after: await observe(stage), payable };
          if (RESTRICTED.includes(grade)) expectPrinciples(stage, row, grade, effects);
          else expectNature(row, effects);
          if (row.isExit) await expectNothingLeft(stage, row, effects);
        });
      }
    });
  }
});

/** Nobody but those who have rows of their own fares better than the stranger. */
async function expectOthersAlike(
  stage: Stage,
  row: Row,
  call: Call,
  { outcome, names }: { readonly outcome: string; readonly names: ErrorNames },
): Promise<void> {
  const allowed = rowsOf(row.contract, row.fn)
    .filter(({ by }) => by !== row.by)
    .map(({ from }) => (from === undefined ? stage.stranger : from(stage)).address);
  const expected = outcome === DOES_NOTHING ? SUCCEEDS : outcome;
  for (const address of castOf(stage).filter((one) => !allowed.includes(one))) {
    expect(await attemptAs(stage, address, call, names), address).to.equal(expected);
  }
}

/** What a row may pay by the two-witness rule; nothing for one that is not of that nature. */
async function allowedBy(stage: Stage, row: Row): Promise<{ asset: string; amount: bigint } | null> {
  if (row.nature !== "pays witnessed" && row.nature !== "pays registered") return null;
  const holding = row.holding!(stage);
  return { asset: holding.asset, amount: await payableByRule(stage, holding, row.fn) };
}

interface Effects {
  readonly before: Observation;
  readonly after: Observation;
  readonly payable: Awaited<ReturnType<typeof allowedBy>>;
}

/** In a restricted grade: no position grows but a bidder's, nothing is paid beyond the two-witness rule, and it stays one. */
function expectPrinciples(stage: Stage, row: Row, grade: Grade, { before, after, payable }: Effects): void {
  const bidder = accountOf(stage.rich);
  const grown = grownBetween(before, after);
  expect(grown.filter((key) => row.nature !== "bids" || !key.startsWith(`${bidder}/`))).to.deep.equal([]);
  for (const [asset, amount] of paidBetween(before, after)) {
    expect(payable?.asset).to.equal(asset);
    expect(amount).to.be.at.most(payable!.amount);
  }
  if (!mayEnd(row, grade)) expect(after.flags & before.flags).to.equal(before.flags);
}

/** Whether a row may end a restriction: a halt is ended by a resume only, and a wind-down by nothing. */
function mayEnd({ nature }: Row, grade: Grade): boolean {
  if (grade === "Wind-down") return false;
  return nature === "resumes" || (grade !== "Halted" && (nature === "lifts" || nature === "judges"));
}

/** Elsewhere: a row does what its nature says, so that the principles speak about something. */
function expectNature({ nature }: Row, { before, after }: Effects): void {
  const isPaid = paidBetween(before, after).size !== 0;
  expect(isPaid).to.equal(nature === "pays" || nature === "pays witnessed");
  const hasGrown = grownBetween(before, after).length !== 0;
  if (nature !== "bids") expect(hasGrown).to.equal(nature === "takes risk");
}

/** Preparation and row together have paid all that the rule allows, and the account has nothing left of it. */
async function expectNothingLeft(stage: Stage, row: Row, { before, after, payable }: Effects): Promise<void> {
  const { account, asset } = row.holding!(stage);
  expect(paidBetween(before, after).get(asset)).to.equal(payable!.amount);
  expect(await stage.ledger.quoteOf(account)).to.equal(0);
}
