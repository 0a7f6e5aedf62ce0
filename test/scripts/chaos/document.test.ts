import { readFileSync } from "node:fs";

import { expect } from "chai";

import { ACTIONS, usageOf } from "../../../scripts/chaos/actionTable.ts";
import { PUSH_ACTIONS } from "../../../scripts/chaos/canApply.ts";
import { parseRule } from "../../../scripts/chaos/parseRule.ts";
import type { ActionName } from "../../../scripts/chaos/Rule.ts";

const DOCUMENT = readFileSync(new URL("../../../docs/chaos-rpc.md", import.meta.url), "utf8");

/** The cells of a section's table, without its head. */
function rowsOf(section: string): string[][] {
  const text = DOCUMENT.split(`\n## ${section}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) => row.split(" | ").map((cell) => cell.replaceAll(/^\| |\|$/g, "").trim()));
}

describe("docs/chaos-rpc.md", () => {
  it("has every action with its arguments, and says whether pushes are lied about", () => {
    const names = Object.keys(ACTIONS) as ActionName[];
    const expected = names.map((name) => [
      `\`${usageOf(name)}\``,
      name === "shuffle" ? "only" : PUSH_ACTIONS.has(name) ? "yes" : "no",
    ]);
    expect(rowsOf("Actions").map(([usage, , push]) => [usage, push])).to.deep.equal(expected);
  });

  it("has recipes that are rules, for every action", () => {
    const used = new Set<ActionName>();
    for (const [, rule] of rowsOf("Recipes")) used.add(parseRule(rule!.slice(1, -1)).action);
    expect(Object.keys(ACTIONS).filter((name) => !used.has(name as ActionName))).to.deep.equal([]);
  });
});
