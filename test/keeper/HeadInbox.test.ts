import { expect } from "chai";

import { HeadInbox } from "../../keeper/HeadInbox.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import type { Input } from "../../keeper/loop/ports.ts";

type Head = Extract<Input, { type: "head" }>;

const head = (source: string, number: number): Head => {
  const hash: Hash = `0x${number.toString(16).padStart(64, "0")}`;
  return { type: "head", source, number, hash, nowMs: number };
};
const nextRound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("HeadInbox", () => {
  let delivered: Head[];
  let inbox: HeadInbox;
  const seen = (): (readonly [string, number])[] => delivered.map(({ source, number }) => [source, number]);

  beforeEach(() => {
    delivered = [];
    inbox = new HeadInbox((each) => delivered.push(each));
  });

  it("delivers the newest head of each source once a round, in the order in which they came", async () => {
    for (let number = 1; number <= 1_000; number += 1) inbox.take(head("flood", number));
    inbox.take(head("a", 7));
    inbox.take(head("b", 8));
    inbox.take(head("a", 9));
    expect(delivered).to.deep.equal([]);
    await nextRound();
    expect(seen()).to.deep.equal([
      ["flood", 1_000],
      ["b", 8],
      ["a", 9],
    ]);
    inbox.take(head("a", 10));
    await nextRound();
    expect(seen().slice(3)).to.deep.equal([["a", 10]]);
  });

  it("forgets what a source said that is down, and everything when it is closed", async () => {
    inbox.take(head("a", 1));
    inbox.take(head("b", 2));
    inbox.forget("a");
    await nextRound();
    expect(seen()).to.deep.equal([["b", 2]]);
    inbox.take(head("a", 3));
    inbox.close();
    await nextRound();
    expect(seen()).to.have.length(1);
  });
});
