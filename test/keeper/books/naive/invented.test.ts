import { expect } from "chai";

import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { Invention } from "./Invention.ts";
import { Inventor, type Invented, type Opinions, type Transactions } from "./Inventor.ts";
import { Toured } from "./Toured.ts";

/** Invented blocks, spread evenly over the tour. */
const BLOCKS = Number(process.env["BLOCKS"] ?? 60);
const TRANSACTIONS = 6;

/** What would be taken for a fault of the keeper's own: the first derivation objects, and the second one agrees. */
function disagreement({ findings, problems, unequal }: Opinions): string | null {
  if (problems.length > 0) return null;
  if (findings.length > 0)
    return findings.map(({ cause, contract, detail }) => `${cause} ${contract} ${detail}`).join("; ");
  return unequal.length > 0 ? `other words of ${unequal.join(", ")}` : null;
}

/** The logs of a block by transaction. */
function transactionsOf(inventor: Inventor): Invented[][] {
  const transactions: Invented[][] = [];
  let newest = -1;
  for (const { address, topics, data, transactionIndex } of inventor.next!.input.block.logs) {
    if (transactionIndex !== newest) transactions.push([]);
    newest = transactionIndex;
    transactions.at(-1)!.push({ address, topics, data });
  }
  return transactions;
}

describe("Both derivations of invented blocks", () => {
  let toured: Toured;

  before(async function () {
    this.timeout(300_000);
    toured = await Toured.once();
  });

  it("never disagree so that a lie is taken for a fault of the keeper's own", function () {
    this.timeout(600_000);
    const seed = Number(process.env["SEED"] ?? 1);
    process.stdout.write(`      seed ${seed}\n`);
    const random = new SeededRandom(seed);
    const inventor = new Inventor(toured.follower.followed);
    const invention = new Invention(random, inventor);
    const found = new Map<string, string>();
    let [made, agreed] = [0, 0];
    inventor.advance();
    while (inventor.next !== undefined) {
      const real = transactionsOf(inventor);
      invention.see(real);
      const ordinary = inventor.next.input.block.timestamp - inventor.books.tip!.timestamp;
      for (; made < (BLOCKS * inventor.height) / toured.follower.followed.length; made += 1) {
        // What both find nothing wrong in is built upon.
        let kept: Transactions = random.bool() ? real : [];
        const seconds = random.below(4) === 0 ? random.below(4_000_000) : ordinary;
        for (let count = 0; count < TRANSACTIONS; count += 1) {
          const { transactions, said } = inventor.correct([...kept, invention.transaction()], seconds);
          const wrong = disagreement(said);
          if (wrong !== null)
            found.set(wrong.replace(/\d{2,}|0x\w+/g, "…"), `${wrong}\n${inventor.tell(transactions)}`);
          if (wrong !== null || said.problems.length > 0) continue;
          agreed += 1;
          kept = transactions;
        }
      }
      inventor.advance();
    }
    expect([...found.values()].join("\n"), `seed ${seed}`).to.equal("");
    expect(agreed, "blocks that nobody objects to").to.be.greaterThan(BLOCKS / 2);
  });
});
