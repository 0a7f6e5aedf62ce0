import { join } from "node:path";

import { expect } from "chai";

import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { EQUIVALENT } from "./equivalent.ts";
import { judgeMutants } from "./judgeMutants.ts";
import { listMutants, type Mutant } from "./listMutants.ts";
import { recordEveryEvent, recordManyPositions, recordRandom } from "./recordTours.ts";

const BOOKS = join(import.meta.dirname, "..", "..", "..", "..", "keeper", "books");
const SEED = 30;
const SAMPLE = 25;

/** As many of each file as fit; always the same for the same reducers. */
function sample(mutants: readonly Mutant[], random: SeededRandom): Mutant[] {
  const left = [...mutants];
  return Array.from({ length: SAMPLE }, () => left.splice(random.below(left.length), 1)[0]!);
}

describe(`Mutants of the reducers (seed ${SEED})`, function () {
  this.timeout(600_000);

  it("are killed by recorded traffic, which the reducers themselves pass", async () => {
    const recordings = [await recordEveryEvent(), await recordRandom(), await recordManyPositions()];
    // A write that is left out is never the same; of other changes the whole run knows (scripts/mutateReducers.ts).
    const writes = listMutants(join(BOOKS, "reducers")).filter(({ name }) =>
      /without "(context\.write|storeWord|changeWord)/.test(name),
    );
    const mutants = [
      null,
      ...sample(
        writes.filter(({ name }) => !EQUIVALENT.has(name)),
        new SeededRandom(SEED),
      ),
    ];
    const judged = await judgeMutants({ recordings, books: BOOKS, mutants });
    expect(judged.filter(({ killer }) => killer === null).map(({ name }) => name)).to.deep.equal([""]);
  });
});
