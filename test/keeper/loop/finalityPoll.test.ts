import { expect } from "chai";

import { Finality, type VerifiedChain } from "../../../keeper/chain/agree/Finality.ts";
import { SourceBoard } from "../../../keeper/chain/agree/SourceBoard.ts";
import type { ServedHead } from "../../../keeper/chain/agree/Votes.ts";
import { FinalityPoll } from "../../../keeper/loop/FinalityPoll.ts";
import type { Heard } from "../../../keeper/loop/Heard.ts";
import type { RpcAnswer } from "../../../keeper/loop/ports.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { AskedOutbox, failed, ok } from "../../helpers/keeper/AskedOutbox.ts";
import { BlockTree, lineOf, type TreeBlock } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const INTERVAL_MS = 12_000;
const DEADLINE_MS = 2_000;
const VOTERS = ["a", "b", "c"].map((id) => ({ id, operator: id }));

describe("FinalityPoll", () => {
  const seed = chooseSeed(97);
  let outbox: AskedOutbox;
  let board: SourceBoard;
  let finality: Finality;
  let poll: FinalityPoll;
  let chain: TreeBlock[];

  beforeEach(() => {
    const tree = new BlockTree(new SeededRandom(seed));
    chain = lineOf(tree.extend(tree.root, 40)).reverse();
    const header = tree.headers();
    outbox = new AskedOutbox();
    board = new SourceBoard(VOTERS);
    finality = new Finality(VOTERS, 2, "finalized", 3);
    const verified = { numberOf: (hash: ServedHead["hash"]) => header(hash)?.number, ...ancestryOf(tree) };
    poll = new FinalityPoll(
      { outbox, board, finality, chain: verified },
      { intervalMs: INTERVAL_MS, requestDeadlineMs: DEADLINE_MS },
    );
  });

  function join(...sources: string[]): void {
    for (const source of sources) {
      board.setUp(source);
      board.identify(source, null);
    }
  }

  const tag = ({ number, hash }: ServedHead): RpcAnswer => ok({ number: `0x${number.toString(16)}`, hash });
  /** Tags of a node whose newest block is 40 and whose final one is at a height. */
  const tags = (finalized: number): RpcAnswer[] => [tag(chain[40]!), tag(chain[finalized]!), tag(chain[finalized]!)];

  const answer = (source: string, answers: readonly RpcAnswer[]): Heard => poll.answer(outbox.next(source).id, answers);

  it("asks every trusted source for its three tags, at once and then once an interval", () => {
    poll.check(0);
    expect(outbox.open).to.deep.equal([]);
    join("a", "b");
    poll.check(1);
    expect(outbox.asked).to.deep.equal(["a", "b"]);
    expect(outbox.open[0]).to.deep.include({
      deadlineMs: DEADLINE_MS,
      calls: ["latest", "safe", "finalized"].map((name) => ({ method: "eth_getBlockByNumber", params: [name, false] })),
    });
    for (const source of ["a", "b"]) answer(source, tags(5));
    poll.check(INTERVAL_MS);
    expect(outbox.open).to.deep.equal([]);
    poll.check(INTERVAL_MS + 1);
    expect(outbox.asked).to.deep.equal(["a", "b"]);
  });

  it("counts what two of three say", () => {
    join("a", "b", "c");
    poll.check(0);
    expect(answer("a", tags(7))).to.equal("nothing-new");
    expect(finality.final).to.equal(null);
    expect(answer("c", tags(9))).to.equal("new");
    expect(finality.final).to.deep.equal({ number: 7, hash: chain[7]!.hash });
    expect(answer("b", tags(7))).to.equal("nothing-new");
  });

  it("does not ask again who has not answered yet", () => {
    join("a", "b");
    poll.check(0);
    answer("b", tags(7));
    poll.check(INTERVAL_MS);
    expect(outbox.asked).to.deep.equal(["a", "b"]);
  });

  it("asks neither foreign nor quarantined sources, and hears none that became so in between", () => {
    join("a", "b", "c");
    board.identify("b", "it serves chain 5");
    board.distrust("c", "forged", 0);
    poll.check(0);
    expect(outbox.asked).to.deep.equal(["a"]);
    board.identify("b", null);
    board.release(60_000);
    answer("a", tags(7));
    poll.check(INTERVAL_MS);
    board.distrust("b", "forged", INTERVAL_MS);
    answer("b", tags(7));
    expect(finality.final).to.equal(null);
    answer("c", tags(7));
    expect(finality.final?.number).to.equal(7);
  });

  it("takes a tag that a node does not know for none, and one without a newest block for no claim", () => {
    join("a", "b");
    poll.check(0);
    const unknown = failed("SourceRpcError");
    answer("a", [tag(chain[40]!), unknown, ok(null)]);
    expect(finality.mode).to.equal(null);
    answer("b", [unknown, tag(chain[7]!), tag(chain[7]!)]);
    expect(finality.mode).to.equal(null);
    poll.check(INTERVAL_MS);
    answer("b", [tag(chain[40]!), unknown, unknown]);
    expect(finality.mode?.isWeak).to.equal(true);
  });

  it("keeps the last claim of one that does not answer any more", () => {
    join("a", "b");
    poll.check(0);
    answer("a", tags(7));
    poll.check(INTERVAL_MS);
    answer("a", [failed(), failed(), failed()]);
    answer("b", tags(7));
    expect(finality.final?.number).to.equal(7);
  });

  it("takes nothing that is no block", () => {
    join("a", "b");
    const { hash } = chain[40]!;
    const bad = [7, "0x", {}, { number: "0x7" }, { hash }, { number: 7, hash }, { number: "7", hash }];
    const worse = [
      { number: "0x", hash },
      { number: `0x${"1".repeat(14)}`, hash },
      { number: "0x7", hash: "0x12" },
    ];
    for (const [index, latest] of [...bad, ...worse].entries()) {
      poll.check(index * INTERVAL_MS);
      for (const source of ["a", "b"]) answer(source, [ok(latest), tag(chain[7]!), tag(chain[7]!)]);
      expect(finality.mode, JSON.stringify(latest)).to.equal(null);
    }
  });

  it("reads digits of either case", () => {
    join("a", "b");
    poll.check(0);
    const shout = (block: ServedHead): RpcAnswer =>
      ok({ number: `0x${block.number.toString(16).toUpperCase()}`, hash: `0x${block.hash.slice(2).toUpperCase()}` });
    for (const source of ["a", "b"]) answer(source, [shout(chain[40]!), shout(chain[31]!), shout(chain[31]!)]);
    expect(finality.final).to.deep.equal({ number: 31, hash: chain[31]!.hash });
  });

  it("takes no answer that is not its own", () => {
    expect(poll.answer(5, tags(7))).to.equal("not-ours");
  });
});

function ancestryOf(tree: BlockTree): Pick<VerifiedChain, "isAncestor" | "isOutOfReach"> {
  return { isAncestor: tree.ancestry().isAncestor, isOutOfReach: () => false };
}
