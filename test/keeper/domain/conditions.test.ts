import { readFile, writeFile } from "node:fs/promises";

import { expect } from "chai";

import { Votes } from "../../../keeper/chain/agree/Votes.ts";
import {
  allowedWith,
  CONDITION_KINDS,
  NO_RESUME,
  NO_SIGNATURE,
  NO_SYNC,
  type Allowed,
  type ConditionKind,
  type Support,
} from "../../../keeper/domain/conditions.ts";

const DOCUMENT = new URL("../../../docs/source-table.md", import.meta.url);
const UPDATE_COMMAND = "UPDATE_SOURCE_TABLE=1 npx mocha test/keeper/domain/conditions.test.ts";
const MAX_OPERATORS = 5;

const IN_SYNC: readonly Allowed["inSync"][] = ["no", "unwitnessed", "witnessed"];

/** Every set of conditions there can be. */
const EVERY_SET: readonly (readonly ConditionKind[])[] = Array.from(
  { length: 2 ** CONDITION_KINDS.length },
  (_, bits) => CONDITION_KINDS.filter((_kind, index) => ((bits >> index) & 1) === 1),
);

/** Votes of so many of so many operators, of one source each. */
function supportOf(operatorCount: number, votes: number, rest: Partial<Support> = {}): Support {
  const ids = Array.from({ length: operatorCount }, (_, index) => `o${index}`);
  const { quorum } = new Votes(ids.map((id) => ({ id, operator: id })));
  return { votes, quorum, operatorCount, isLocalChain: false, allowSingleSource: false, conditions: [], ...rest };
}

/** Every number of votes of up to five operators, in each kind of place. */
const EVERY_PLACE: readonly Support[] = Array.from({ length: MAX_OPERATORS }, (_, index) => index + 1).flatMap(
  (count) =>
    Array.from({ length: count + 1 }, (_, votes) => votes).flatMap((votes) =>
      [false, true].flatMap((isLocalChain) =>
        [false, true].map((allowSingleSource) => supportOf(count, votes, { isLocalChain, allowSingleSource })),
      ),
    ),
);

const EVERY_SUPPORT: readonly Support[] = EVERY_PLACE.flatMap((support) =>
  EVERY_SET.map((conditions) => ({ ...support, conditions })),
);

/** What is allowed, as numbers that only grow with what is allowed. */
function ranks({ pause, inSync, sign, resume }: Allowed): readonly number[] {
  return [Number(pause), IN_SYNC.indexOf(inSync), Number(sign), Number(resume)];
}

function isNoMore(less: Allowed, more: Allowed): boolean {
  const [lower, upper] = [ranks(less), ranks(more)];
  return lower.every((rank, index) => rank <= upper[index]!);
}

/** Counter-examples, a few of them, so that a failure can be read. */
function except(fulfils: (support: Support, allowed: Allowed) => boolean): readonly Support[] {
  return EVERY_SUPPORT.filter((support) => !fulfils(support, allowedWith(support))).slice(0, 3);
}

describe("conditions", function () {
  this.timeout(20_000);
  it("are each in one place of the ladder: what forbids InSync forbids signing, and that forbids resuming", () => {
    expect(NO_SIGNATURE).to.include.members([...NO_SYNC]);
    expect(NO_RESUME).to.include.members([...NO_SIGNATURE]);
    // The guard itself refuses to resume while custody of the settlement asset is short; of another asset it does not ask.
    expect([...NO_RESUME, "custody-suspect"]).to.have.members([...CONDITION_KINDS]);
    expect(new Set(CONDITION_KINDS).size).to.equal(CONDITION_KINDS.length);
  });

  describe("allowedWith", () => {
    it("never allows more with fewer votes", () => {
      expect(
        except((support, allowed) => {
          return support.votes === 0 || isNoMore(allowedWith({ ...support, votes: support.votes - 1 }), allowed);
        }),
      ).to.deep.equal([]);
    });

    it("never allows more with one condition more", () => {
      expect(
        except((support, allowed) => {
          return CONDITION_KINDS.every((kind) => {
            return isNoMore(allowedWith({ ...support, conditions: [...support.conditions, kind] }), allowed);
          });
        }),
      ).to.deep.equal([]);
    });

    it("never allows more where a higher quorum is needed", () => {
      expect(
        except((support, allowed) => isNoMore(allowedWith({ ...support, quorum: support.quorum + 1 }), allowed)),
      ).to.deep.equal([]);
    });

    it("allows the pause with one vote whatever else, and without a vote never", () => {
      expect(except(({ votes }, { pause }) => pause === votes > 0)).to.deep.equal([]);
    });

    it("signs nothing unwitnessed outside a local chain", () => {
      expect(
        except(({ isLocalChain }, { inSync, sign, resume }) => {
          return inSync === "witnessed" || isLocalChain || (!sign && !resume);
        }),
      ).to.deep.equal([]);
    });

    it("resumes only where it signs, signs only where it is InSync, and is InSync only where it may pause", () => {
      expect(
        except((_, { pause, inSync, sign, resume }) => {
          return (!resume || sign) && (!sign || inSync !== "no") && (inSync === "no" || pause);
        }),
      ).to.deep.equal([]);
    });

    it("is witnessed only by k votes of several operators, and unwitnessed only by the one there is", () => {
      expect(
        except(({ votes, quorum, operatorCount }, { inSync }) => {
          if (inSync === "witnessed") return votes >= quorum && operatorCount > 1;
          return inSync === "no" || (votes === 1 && operatorCount === 1);
        }),
      ).to.deep.equal([]);
    });

    it("takes away by a condition the same whoever votes, and by several what any of them takes", () => {
      const full = ranks(allowedWith(supportOf(3, 3)));
      const left = new Map(
        CONDITION_KINDS.map((kind) => [kind, ranks(allowedWith(supportOf(3, 3, { conditions: [kind] })))]),
      );
      expect(
        except((support, allowed) => {
          const base = ranks(allowedWith({ ...support, conditions: [] }));
          const isTaken = (at: number) => support.conditions.some((kind) => left.get(kind)![at]! < full[at]!);
          return ranks(allowed).every((rank, at) => rank === (isTaken(at) ? 0 : base[at]));
        }),
      ).to.deep.equal([]);
    });

    it("does not ask for the order of conditions, nor how often each is named", () => {
      expect(
        except((support, allowed) => {
          const conditions = [...support.conditions, ...support.conditions].reverse();
          return isNoMore(allowed, allowedWith({ ...support, conditions }));
        }),
      ).to.deep.equal([]);
    });

    it("accepts a single source outside a local chain only when told to, and gives it a word and no signature", () => {
      const alone = (rest: Partial<Support>) => allowedWith(supportOf(1, 1, rest));
      expect(alone({})).to.deep.equal({ pause: true, inSync: "no", sign: false, resume: false });
      const allowed = { pause: true, inSync: "unwitnessed", sign: false, resume: false };
      expect(alone({ allowSingleSource: true })).to.deep.equal(allowed);
      expect(alone({ isLocalChain: true })).to.deep.equal({ ...allowed, sign: true, resume: true });
      // Of several, one is never enough.
      const ofThree = supportOf(3, 1, { isLocalChain: true, allowSingleSource: true });
      expect(allowedWith(ofThree)).to.deep.equal({ pause: true, inSync: "no", sign: false, resume: false });
    });
  });

  it("is what docs/source-table.md says", async () => {
    const rendered = renderSourceTable();
    if (process.env["UPDATE_SOURCE_TABLE"] !== undefined) await writeFile(DOCUMENT, rendered);
    const written = await readFile(DOCUMENT, "utf8").catch(() => "");
    expect(written === rendered, `docs/source-table.md is behind; bring it up to date: ${UPDATE_COMMAND}`).to.equal(
      true,
    );
  });
});

const HEAD = ["pause", "InSync", "checkpoints", "resume"] as const;

/** How many of n operators, as people say it. */
const AMOUNTS: readonly { readonly name: string; readonly of: (count: number, quorum: number) => number | null }[] = [
  { name: "none", of: () => 0 },
  { name: "one", of: (_, quorum) => (quorum > 1 ? 1 : null) },
  { name: "one fewer than k", of: (_, quorum) => (quorum > 2 ? quorum - 1 : null) },
  { name: "k", of: (_, quorum) => quorum },
  { name: "all", of: (count) => count },
];

const mark = (isAllowed: boolean): string => (isAllowed ? "✓" : "–");

function cellsOf({ pause, inSync, sign, resume }: Allowed): string[] {
  return [mark(pause), inSync === "witnessed" ? "✓" : inSync === "no" ? "–" : inSync, mark(sign), mark(resume)];
}

/** One row for all that are allowed the same; fails when they are not. */
function agreed(supports: readonly Support[]): string[] {
  const cells = supports.map((support) => cellsOf(allowedWith(support)));
  expect(cells.length).to.be.greaterThan(0);
  for (const other of cells) expect(other).to.deep.equal(cells[0]);
  return cells[0]!;
}

function byVotes(): string {
  const counts = Array.from({ length: MAX_OPERATORS - 1 }, (_, index) => index + 2);
  const many = AMOUNTS.map(({ name, of }) => {
    const supports = counts.flatMap((count) => {
      const votes = of(count, supportOf(count, 0).quorum);
      if (votes === null) return [];
      return EVERY_PLACE.filter((support) => support.operatorCount === count && support.votes === votes);
    });
    return ["two or more", "any chain", name, ...agreed(supports)];
  });
  const places = [
    ["a local chain", EVERY_PLACE.filter(({ isLocalChain }) => isLocalChain)],
    [
      "elsewhere, with `--single-source`",
      EVERY_PLACE.filter(({ isLocalChain, allowSingleSource }) => !isLocalChain && allowSingleSource),
    ],
    ["elsewhere", EVERY_PLACE.filter(({ isLocalChain, allowSingleSource }) => !isLocalChain && !allowSingleSource)],
  ] as const;
  const one = places.flatMap(([where, supports]) => {
    return [0, 1].map((count) => {
      const own = supports.filter(({ operatorCount, votes }) => operatorCount === 1 && votes === count);
      return ["one", where, count === 0 ? "none" : "its own", ...agreed(own)];
    });
  });
  return table(["operators", "where", "votes", ...HEAD], [...many, ...one]);
}

function byCondition(): string {
  const rows = [[], ...CONDITION_KINDS.map((kind) => [kind])].map((conditions) => {
    const [kind] = conditions;
    const enough = EVERY_PLACE.filter(({ operatorCount, votes, quorum }) => operatorCount > 1 && votes >= quorum);
    const cells = agreed(enough.map((support) => ({ ...support, conditions })));
    return [kind === undefined ? "none" : `\`${kind}\``, ...cells];
  });
  return table(["condition", ...HEAD], rows);
}

/** Columns as wide as their widest cell, as the formatter wants them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[], fill = " "): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(" | ")} |\n`;
  const rule = line(
    head.map(() => ""),
    "-",
  );
  return [line(head), rule, ...rows.map((row) => line(row))].join("");
}

/** The page, from what the keeper's own function answers. */
function renderSourceTable(): string {
  return `# Sources and what they allow

What a keeper may do about a block, by how many operators vote for it and by what is unusual about the chain. Several sources of one
operator have one vote; k is a majority of the _configured_ operators, whoever of them answers. An operator votes for the block
that it serves and for every ancestor of it. Fewer sources allow less, never more.

- **pause**: a soft pause that is bound to the block. The chain itself refuses it when the block is not its own, so one voice is enough.
- **InSync**: said of the block, if its roots, results and operations are right. \`unwitnessed\`: said, with no second operator behind it.
- **checkpoints**: attestations are signed, and checkpoints posted.
- **resume**: the end of a halt is signed.

The page is generated from \`keeper/domain/conditions.ts\`; a test compares it, over every number of votes of up to five operators and every
set of conditions:

\`\`\`
${UPDATE_COMMAND}
\`\`\`

## By votes

Of a block that one source alone serves nothing is said and nothing signed, but a divergence in it is paused for.

${byVotes()}
## By condition

With the votes of k of several operators. With fewer, or where only one is configured, a condition takes away the same; the pause is
allowed under every condition. Several at once forbid what any of them forbids. What begins and ends each is in
[decision 0025](decisions/0025-conditions.md).

${byCondition()}`;
}
