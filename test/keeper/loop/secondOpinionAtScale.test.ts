import { expect } from "chai";

import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import type { Address } from "../../../keeper/lib/hex.ts";
import { askSecondOpinion } from "../../../keeper/loop/secondOpinion.ts";
import type { Replacements } from "../../../keeper/loop/Replacements.ts";
import { developmentWallet } from "../../../scripts/local/accounts.ts";
import { createKeeper } from "../../../testing/createKeeper.ts";
import { describeVerdict } from "../../../testing/describeVerdict.ts";
import { DepositChain } from "./secondOpinionChain.ts";
import { DEPOSITED, DEPOSITED_IMMUTABLES, quoteSlotOf } from "./secondOpinionDeposits.ts";

/** Two slots each. */
const ACCOUNTS = 50_000;
const IN_BLOCK = 2_500;

/** A keeper in step with deposits of so many accounts, and then a write without an event. How often words were copied. */
async function diverge(count: number, replacements: Replacements = {}): Promise<{ slots: number; copies: number }> {
  const pause = developmentWallet(1);
  const chain = new DepositChain([pause.address.toLowerCase() as Address]);
  const sent: string[] = [];
  const driver = createKeeper(DEPOSITED, DEPOSITED_IMMUTABLES, {
    rpcs: { node: chain },
    keys: { pause },
    replacements,
    broadcast: ({ raw }) => Promise.resolve(void sent.push(raw)),
  });
  const { books } = driver.keeper;
  let copies = 0;
  const copy = books.wordsBefore.bind(books);
  books.wordsBefore = (book, depth) => {
    copies += 1;
    return copy(book, depth);
  };
  await driver.hear("node", chain.list());
  for (let first = 0; first < count; first += IN_BLOCK) {
    const accounts = Array.from({ length: IN_BLOCK }, (_, index) => first + index);
    await driver.hear("node", chain.deposit(accounts));
    expect(driver.verdict.kind, describeVerdict(driver.verdict)).to.equal("InSync");
  }
  expect(sent).to.have.length(0);
  const { slots } = chain;
  const accounts = Array.from({ length: 50 }, (_, index) => (997 * index) % count);
  await driver.hear("node", chain.deposit(accounts, { book: "PositionLedger", slot: quoteSlotOf(415) }));
  expect(driver.verdict.kind, describeVerdict(driver.verdict)).to.equal("Diverged");
  expect(sent).to.have.length(1);
  return { slots, copies };
}

describe("Keeper with books of 100,000 slots", function () {
  this.timeout(600_000);

  it("pauses on a write without an event without copying or hashing the words of any book", async () => {
    const { slots, copies } = await diverge(ACCOUNTS);
    expect(slots).to.be.greaterThan(100_000);
    expect(copies).to.equal(0);
  });

  it("would be seen to copy them, if nobody told the second opinion which roots were proven", async () => {
    const secondOpinion: Replacements["secondOpinion"] = (books, blocks, proven) =>
      askSecondOpinion(books, blocks, proven);
    const { copies } = await diverge(IN_BLOCK, { secondOpinion });
    expect(copies).to.equal(BOOK_NAMES.length);
  });
});
