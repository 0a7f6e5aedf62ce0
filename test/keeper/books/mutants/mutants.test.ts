import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { EQUIVALENT, UNTOLD } from "./equivalent.ts";
import type { KillKind } from "./Judged.ts";
import { judgeMutants } from "./judgeMutants.ts";
import { listMutants, type Mutant } from "./listMutants.ts";
import type { Recording } from "./Recording.ts";
import { recordEveryEvent, recordManyPositions, recordRandom } from "./recordTours.ts";
import { tellLies } from "./tellLies.ts";

const BOOKS = join(import.meta.dirname, "..", "..", "..", "..", "keeper", "books");
const REDUCERS = join(BOOKS, "reducers");
const SEED = 30;
const SAMPLE = 25;

/** As many of each file as fit; always the same for the same reducers. */
function sample(mutants: readonly Mutant[], random: SeededRandom): Mutant[] {
  const left = [...mutants];
  return Array.from({ length: SAMPLE }, () => left.splice(random.below(left.length), 1)[0]!);
}

/** The reducer of the insurance fund with one piece of its text replaced. */
function changed(name: string, from: string, to: string): Mutant {
  const source = readFileSync(join(REDUCERS, "InsuranceFund.ts"), "utf8");
  expect(source).to.include(from);
  return { name, file: "InsuranceFund.ts", line: 1, source: source.replace(from, to) };
}

describe(`Mutants of the reducers (seed ${SEED})`, function () {
  this.timeout(600_000);
  let recorded: Recording;

  before(async () => {
    recorded = await recordManyPositions();
  });

  async function kindOf(mutant: Mutant | null, recording: Recording, deadlineMs?: number): Promise<KillKind | null> {
    const options = { recordings: [recording], books: BOOKS, mutants: [mutant] };
    const [judged] = await judgeMutants(deadlineMs === undefined ? options : { ...options, deadlineMs });
    return judged!.killer?.kind ?? null;
  }

  it("are killed by recorded traffic, which the reducers themselves pass", async () => {
    const recordings = [await recordEveryEvent(), await recordRandom(), recorded];
    // A write that is left out is never the same; of other changes the whole run knows (scripts/mutateReducers.ts).
    const writes = listMutants(REDUCERS).filter(({ name }) =>
      /without "(context\.write|storeWord|changeWord)/.test(name),
    );
    const mutants = [
      null,
      ...sample(
        writes.filter(({ name }) => !EQUIVALENT.has(name) && !UNTOLD.has(name)),
        new SeededRandom(SEED),
      ),
    ];
    const judged = await judgeMutants({ recordings, books: BOOKS, mutants });
    expect(judged.filter(({ killer }) => killer === null).map(({ name }) => name)).to.deep.equal([""]);
  });

  it("are listed as equivalent by names that there are", () => {
    const names = new Set(listMutants(REDUCERS).map(({ name }) => name));
    expect([...EQUIVALENT.keys(), ...UNTOLD.keys()].filter((name) => !names.has(name))).to.deep.equal([]);
  });

  it("live when they change nothing, or what no log concerns", async () => {
    expect(await kindOf(changed("nothing", "switch", "/* nothing */ switch"), recorded)).to.equal(null);
    expect(await kindOf(null, recorded)).to.equal(null);
  });

  it("die in the way in which they are wrong, and not by the recording", async () => {
    // A reducer that fails is a finding, and leaves its words unwritten.
    const throws = changed("throws", "switch", "throw new Error(event.name); switch");
    expect(await kindOf(throws, recorded)).to.equal("root");
    expect(await kindOf(changed("does not load", "switch", "switch switch"), recorded)).to.equal("does not load");
    expect(await kindOf(changed("does not end", "switch", "for (;;); switch"), recorded, 15_000)).to.equal(
      "does not end",
    );
    expect(await kindOf(changed("root", "amount: event.target", "amount: 1n"), recorded)).to.equal("root");
    const said = changed("miscomputed", "switch", 'context.expect("name", event.name, ""); switch');
    expect(await kindOf(said, recorded)).to.equal("miscomputed");
  });

  it("die by a lie that they alone believe", async () => {
    const [lied] = tellLies([recorded]);
    expect(await kindOf(null, lied!)).to.equal(null);
    const check = /^ledger\/applyEntry\.ts applyEntry without "context\.expect\("sequence"/;
    const mutant = listMutants(REDUCERS).find(({ name }) => check.test(name));
    expect([await kindOf(mutant!, recorded), await kindOf(mutant!, lied!)]).to.deep.equal([null, "misses a lie"]);
  });

  it("are judged by what was recorded: another root, or a lie that is none, kills the reducers themselves", async () => {
    const at = recorded.blocks.findLastIndex(({ block }) => block.logs.length > 0);
    const last = recorded.blocks[at]!;
    const roots = last.roots.with(0, `0x${"11".repeat(32)}`);
    const wrong = { ...recorded, blocks: recorded.blocks.with(at, { ...last, roots }) };
    const { logs, timestamp } = last.block;
    const lie = { at, logs, timestamp, what: "the truth", contracts: [] };
    for (const recording of [wrong, { ...recorded, lies: [lie] }]) {
      await judgeMutants({ recordings: [recording], books: BOOKS, mutants: [null] }).then(
        () => expect.fail("passes"),
        (error: unknown) => expect(String(error)).to.include("the reducers themselves, after mutants"),
      );
    }
  });
});
