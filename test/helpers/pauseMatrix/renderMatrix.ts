import { CALLER_NOTES } from "./callers.ts";
import { GRADE_NOTES, GRADES, RESTRICTED, type Grade } from "./grades.ts";
import { callerOf, CONTRACT_NAMES, DOES_NOTHING, SUCCEEDS, type Row } from "./Row.ts";

/** How the document is brought up to date. */
export const UPDATE_COMMAND =
  "UPDATE_PAUSE_MATRIX=1 npx hardhat test mocha --no-compile test/contracts/pauseMatrix.test.ts";

const INTRODUCTION = `# Pause matrix

What every function that changes state does in every grade, whoever calls it: ✓ when it succeeds, – when it changes nothing and does
not revert, else the error that it reverts with. Of each contract first what the grade decides, then what it does not.

\`test/contracts/pauseMatrix.test.ts\` makes each of these calls on a deployment that was really brought into the grade, compares this
page with what it found, and fails when a contract has a function that is not here. The page is generated:

\`\`\`
${UPDATE_COMMAND}
\`\`\`
`;

const PRINCIPLES = `
In every grade whoever reduces risk or adds margin succeeds, and checkpoints are posted, proved and convicted. In ${RESTRICTED.slice(0, -1).join(", ")}
and ${RESTRICTED.at(-1)!} no position grows but a bidder's, and the vault pays nobody more than the two-witness rule allows: by a witness,
or, in a wind-down, by registration and its payment. By one of these ways the flat account gets all that is proven in every grade.
A halt ends with the signatures of a quorum and by nothing else, governance included; a wind-down never ends.

What stands in the way of a reduction is never the grade. It can be the price: while a feed has no usable answer, positions count
at the worst end of its bounds, and who could not pay there can neither reduce nor be liquidated until it answers again.

A function that only a contract of the protocol may call is refused to everybody here; what it does is seen in the functions that call it.
`;

/** The page of `rows`. */
export function renderMatrix(rows: readonly Row[]): string {
  const grades = table(
    ["grade", "is"],
    GRADES.map((grade) => [grade, GRADE_NOTES[grade]]),
  );
  const callers = table(["caller", "is"], Object.entries(CALLER_NOTES));
  const parts = CONTRACT_NAMES.flatMap((contract) => {
    const own = rows.filter((row) => row.contract === contract);
    return own.length === 0 ? [] : [`\n## ${contract}\n`, ...tablesOf(own).map((part) => `\n${part}`)];
  });
  return `${INTRODUCTION}\n${grades}\n${callers}${PRINCIPLES}${parts.join("")}`;
}

/** What the grade decides in one table, what it does not in another. */
function tablesOf(rows: readonly Row[]): string[] {
  const isSame = ({ outcomes }: Row) => GRADES.every((grade) => outcomes[grade] === outcomes[GRADES[0]]);
  const [same, different] = [rows.filter(isSame), rows.filter((row) => !isSame(row))];
  const tables: string[] = [];
  if (different.length !== 0) {
    tables.push(
      table(
        ["function", "caller", "situation", ...GRADES],
        different.map((row) => cells(row, GRADES)),
      ),
    );
  }
  if (same.length !== 0) {
    tables.push(
      table(
        ["function", "caller", "situation", "in every grade"],
        same.map((row) => cells(row, GRADES.slice(0, 1))),
      ),
    );
  }
  return tables;
}

function cells(row: Row, grades: readonly Grade[]): readonly string[] {
  return [`\`${row.fn}\``, callerOf(row), row.situation, ...grades.map((grade) => mark(row.outcomes[grade]))];
}

function mark(outcome: string): string {
  if (outcome === SUCCEEDS) return "✓";
  return outcome === DOES_NOTHING ? "–" : `\`${outcome}\``;
}

/** Columns as wide as their widest cell, as the formatter wants them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[], fill = " ") =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(" | ")} |\n`;
  const rule = line(
    head.map(() => ""),
    "-",
  );
  return [line(head), rule, ...rows.map((row) => line(row))].join("");
}
