import { expect } from "chai";

import { PushLine } from "../../../scripts/chaos/PushLine.ts";
import type { Reply } from "../../../scripts/chaos/rpcMessage.ts";
import { SeededRandom } from "../../../scripts/local/SeededRandom.ts";

function push(name: string, result: unknown): Reply {
  return { name, params: { subscription: "0x1", result } };
}

const head = (block: number): Reply => push(`head ${block}`, { number: `0x${block.toString(16)}` });
const log = (block: number): Reply => push(`log ${block}`, { blockNumber: `0x${block.toString(16)}` });

describe("PushLine", () => {
  let sent: unknown[];
  let line: PushLine;

  beforeEach(() => {
    sent = [];
    const random = new SeededRandom(3);
    line = new PushLine(
      ({ name }) => sent.push(name),
      () => random.next(),
    );
  });

  it("holds heads and logs back until the chain is so many blocks further", () => {
    for (const block of [5, 6, 7]) {
      line.take(log(block), { action: "stale", blocks: 2 });
      line.take(head(block), { action: "stale", blocks: 2 });
    }
    expect(sent).to.deep.equal(["log 5", "head 5"]);
    line.pass(head(8));
    expect(sent).to.deep.equal(["log 5", "head 5", "log 6", "head 6"]);
    line.flush();
    expect(sent.slice(4)).to.deep.equal(["log 7", "head 7"]);
    line.flush();
    expect(sent).to.have.lengthOf(6);
  });

  it("does not hold back what is of no block", () => {
    line.take(push("transaction", "0xab"), { action: "stale", blocks: 2 });
    expect(sent).to.deep.equal(["transaction"]);
  });

  it("sends twice", () => {
    line.take(head(5), { action: "duplicate" });
    expect(sent).to.deep.equal(["head 5", "head 5"]);
  });

  it("sends groups, each whole, never in its own order", () => {
    for (let group = 0; group < 20; group++) {
      const blocks = [0, 1].map((index) => 2 * group + index);
      for (const block of blocks) line.take(head(block), { action: "shuffle", count: 2 });
      expect(sent.slice(-2)).to.deep.equal(blocks.toReversed().map((block) => `head ${block}`));
    }
    line.take(head(100), { action: "shuffle", count: 2 });
    expect(sent).to.have.lengthOf(40);
    line.flush();
    expect(sent.at(-1)).to.equal("head 100");
  });

  it("holds no more than a bounded number, and loses none", () => {
    for (let index = 0; index < 10_050; index++) line.take(head(5), { action: "stale", blocks: 2 });
    expect(sent).to.have.lengthOf(50);
    line.flush();
    expect(sent).to.have.lengthOf(10_050);
  });
});
