import { readFileSync } from "node:fs";

import { expect } from "chai";

import { idsIn, SCENARIOS } from "../../scripts/scenarios/catalogue.ts";
import { renderTable, rowsOf } from "../../scripts/scenarios/renderTable.ts";
import { filesOf } from "../../scripts/scenarios/runScenarios.ts";
import type { ScenarioFacts } from "../helpers/scenarioFacts.ts";

const IDS = Object.keys(SCENARIOS);

function facts(title: string, changes: Partial<ScenarioFacts> = {}): ScenarioFacts {
  return {
    ...{ title, file: "test/keeper/loop/reorg.test.ts", state: "passed", ms: 5, stages: ["Hardhat"] },
    ...{ verdicts: ["InSync"], causes: [], detectedAfter: null, pausedAfter: null },
    ...changes,
  };
}

describe("scenarios", () => {
  it("are found in titles by their ids, and nothing else is", () => {
    expect(idsIn("takes a pause away (A4, G8)")).to.deep.equal(["A4", "G8"]);
    expect(idsIn("F10, G9: liquidates nobody")).to.deep.equal(["F10", "G9"]);
    for (const title of ["INV-12: is lifted", "A6 is none", "EIP-712", "0xA4", "P2", "A44", "BA4"]) {
      expect(idsIn(title), title).to.deep.equal([]);
    }
  });

  // With the ids in no title: this is none of the tests that it looks for.
  it("have tests, each, and a row in the table with what they came to", () => {
    const table = readFileSync("docs/scenarios.md", "utf8").split("<!-- table -->")[1] ?? "";
    for (const id of IDS) {
      const [file] = filesOf([id]);
      expect(file, `${id} has no test`).to.be.a("string");
      const [row = ""] = new RegExp(`^\\| ${id} +\\|.*`, "m").exec(table) ?? [];
      expect(Number(row.split("|")[3]), `${id} in docs/scenarios.md`).to.be.greaterThan(0);
    }
  });

  it("are told by what their tests came to", () => {
    const tests = [
      facts("one (A1)", { verdicts: ["InSync", "Diverged"], causes: ["illegal"], detectedAfter: 0, pausedAfter: 1 }),
      facts("another (A1, A2)", { stages: ["Anvil"], detectedAfter: 0, pausedAfter: 3 }),
      facts("C1: of a contract", { file: "test/contracts/priceAttacks.test.ts", stages: [], verdicts: [] }),
    ];
    const lines = renderTable(rowsOf(["A1", "A2", "C1", "D1"], tests))
      .split("\n")
      .slice(2);
    expect(lines[0]).to.equal(
      `| A1 | ${SCENARIOS["A1"]} | 2 | Anvil, Hardhat | Diverged, InSync | illegal | 0 | 1 to 3 | keeper/loop/reorg |`,
    );
    expect(lines[1]).to.include("| 1 | Anvil | InSync | – | 0 | 3 |");
    expect(lines[2]).to.include("| 1 | Hardhat | – | – | – | – | contracts/priceAttacks |");
    expect(lines[3]).to.include("| 0 |");
  });
});
