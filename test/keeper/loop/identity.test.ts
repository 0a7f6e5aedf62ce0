import { expect } from "chai";

import { SourceBoard } from "../../../keeper/chain/agree/SourceBoard.ts";
import type { PinnedBlock } from "../../../keeper/domain/chainProfile.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { Identity, judgeIdentity, type WantedChain } from "../../../keeper/loop/Identity.ts";
import type { Heard } from "../../../keeper/loop/Heard.ts";
import type { RpcAnswer } from "../../../keeper/loop/ports.ts";
import { AskedOutbox, failed, ok } from "../../helpers/keeper/AskedOutbox.ts";
import { hashOf } from "../../helpers/keeper/blockTree.ts";

const CHAIN_ID = 10;
const GENESIS = hashOf("genesis");
const OTHER = hashOf("other");
const PIN: PinnedBlock = { number: 300, hash: hashOf("pin") };
const RECHECK_MS = 12_000;
const RETRY_MS = 1_000;
const DEADLINE_MS = 2_000;

const wanted = (genesisHash: Hash | null, pin: PinnedBlock | null): WantedChain => ({
  chainId: CHAIN_ID,
  chain: { genesisHash, pin },
  requestDeadlineMs: DEADLINE_MS,
});
const FULL = wanted(GENESIS, PIN);

const blockAnswer = (hash: unknown): RpcAnswer => ok({ hash, number: "0x0" });
const OURS: readonly RpcAnswer[] = [ok("0xa"), blockAnswer(GENESIS), blockAnswer(PIN.hash)];

describe("judgeIdentity", () => {
  const verdictOf = (answers: readonly RpcAnswer[], chain = FULL) => judgeIdentity(answers, chain);

  it("finds nothing against a source of this chain, in either case of its digits", () => {
    expect(verdictOf(OURS)).to.equal(null);
    const shouted = `0x${GENESIS.slice(2).toUpperCase()}`;
    expect(verdictOf([ok("0xA"), blockAnswer(shouted), blockAnswer(PIN.hash)])).to.equal(null);
  });

  it("does not know while one answer is missing", () => {
    for (const [index] of OURS.entries()) expect(verdictOf(OURS.with(index, failed()))).to.equal("unknown");
    expect(verdictOf([])).to.equal("unknown");
  });

  it("says which chain is served instead", () => {
    expect(verdictOf([ok("0x1"), ...OURS.slice(1)])).to.equal("it serves chain 1, not 10");
    for (const bad of [10, null, "10", "0x", "0xzz", {}, `0x${"f".repeat(17)}`]) {
      expect(verdictOf([ok(bad), ...OURS.slice(1)])).to.equal("its chain id is no number");
    }
  });

  it("says which block is another one, or missing", () => {
    const genesis = [ok("0xa"), blockAnswer(OTHER), blockAnswer(PIN.hash)];
    expect(verdictOf(genesis)).to.equal(`genesis is ${OTHER} there, not ${GENESIS}`);
    const pin = [ok("0xa"), blockAnswer(GENESIS), blockAnswer(OTHER)];
    expect(verdictOf(pin)).to.equal(`the pinned block 300 is ${OTHER} there, not ${PIN.hash}`);
    for (const nothing of [ok(null), ok("0x"), ok({}), ok({ hash: 7 })]) {
      expect(verdictOf([ok("0xa"), nothing, blockAnswer(PIN.hash)])).to.equal("it does not have genesis");
      expect(verdictOf([ok("0xa"), blockAnswer(GENESIS), nothing])).to.equal("it does not have the pinned block 300");
    }
  });

  it("asks for no block that nobody knows", () => {
    expect(verdictOf([ok("0xa")], wanted(null, null))).to.equal(null);
    expect(verdictOf([ok("0xa"), blockAnswer(PIN.hash)], wanted(null, PIN))).to.equal(null);
    expect(verdictOf([ok("0xa"), blockAnswer(GENESIS)], wanted(GENESIS, null))).to.equal(null);
  });
});

describe("Identity", () => {
  let outbox: AskedOutbox;
  let board: SourceBoard;
  let foreign: string[];
  let identity: Identity;

  function open(chain: WantedChain = FULL): void {
    outbox = new AskedOutbox();
    board = new SourceBoard(["a", "b"].map((id) => ({ id, operator: id })));
    foreign = [];
    identity = new Identity(chain, outbox, board, (source, reason) => {
      foreign.push(`${source}: ${reason}`);
    });
    connect("a");
  }

  function connect(source: string): void {
    board.setUp(source);
    identity.forget(source);
  }

  beforeEach(() => {
    open();
  });

  const stateOf = (source: string) => board.reports().find(({ id }) => id === source)!.state;

  /** Answers the oldest question to a source; what Identity says of it. */
  const answer = (source: string, answers: readonly RpcAnswer[] = OURS): Heard =>
    identity.answer(outbox.next(source).id, answers);

  it("asks each connected source for chain id, genesis and pin, once at a time", () => {
    identity.check(0);
    identity.check(1);
    expect(outbox.asked).to.deep.equal(["a"]);
    expect(outbox.open[0]).to.deep.include({
      deadlineMs: DEADLINE_MS,
      calls: [
        { method: "eth_chainId", params: [] },
        { method: "eth_getBlockByNumber", params: ["0x0", false] },
        { method: "eth_getBlockByNumber", params: ["0x12c", false] },
      ],
    });
    connect("b");
    identity.check(2);
    expect(outbox.asked).to.deep.equal(["a", "b"]);
  });

  it("asks for the chain id alone where no block is known", () => {
    open(wanted(null, null));
    identity.check(0);
    expect(outbox.open[0]!.calls).to.deep.equal([{ method: "eth_chainId", params: [] }]);
  });

  it("gives a source its say when it serves this chain, and asks again after a while", () => {
    identity.check(0);
    expect(stateOf("a")).to.equal("unidentified");
    expect(answer("a")).to.equal("new");
    expect(stateOf("a")).to.equal("up");
    identity.check(RECHECK_MS - 1);
    expect(outbox.asked).to.deep.equal([]);
    identity.check(RECHECK_MS);
    expect(outbox.asked).to.deep.equal(["a"]);
    expect(answer("a")).to.equal("nothing-new");
    expect(foreign).to.deep.equal([]);
  });

  it("asks one that did not answer again after a second, and says nothing against it", () => {
    identity.check(0);
    answer("a", [failed(), failed(), failed()]);
    expect(stateOf("a")).to.equal("unidentified");
    identity.check(RETRY_MS - 1);
    expect(outbox.asked).to.deep.equal([]);
    identity.check(RETRY_MS);
    answer("a", [ok("0xa"), failed(), failed()]);
    identity.check(2 * RETRY_MS);
    answer("a");
    expect([stateOf("a"), foreign]).to.deep.equal(["up", []]);
  });

  it("keeps what it knows of one that does not answer when it is asked again", () => {
    identity.check(0);
    answer("a");
    identity.check(RECHECK_MS);
    answer("a", [failed(), failed(), failed()]);
    expect(stateOf("a")).to.equal("up");
    identity.check(RECHECK_MS + RETRY_MS);
    expect(outbox.asked).to.deep.equal([]);
  });

  for (const [name, answers, reason] of [
    ["another chain", [ok("0x1"), blockAnswer(OTHER), ok(null)], "it serves chain 1, not 10"],
    [
      "this chain's id on another chain",
      [ok("0xa"), blockAnswer(OTHER), blockAnswer(PIN.hash)],
      `genesis is ${OTHER} there, not ${GENESIS}`,
    ],
    [
      "a branch without the pinned block",
      [ok("0xa"), blockAnswer(GENESIS), blockAnswer(OTHER)],
      `the pinned block 300 is ${OTHER} there, not ${PIN.hash}`,
    ],
  ] as const) {
    it(`takes the say from one that serves ${name}, says so once, and gives it back when that is over`, () => {
      identity.check(0);
      answer("a");
      for (let time = 1; time <= 3; time += 1) {
        identity.check(time * RECHECK_MS);
        answer("a", answers);
        expect([stateOf("a"), board.isOurs("a"), foreign]).to.deep.equal(["foreign", false, [`a: ${reason}`]]);
      }
      identity.check(4 * RECHECK_MS);
      answer("a");
      expect([stateOf("a"), foreign.length]).to.deep.equal(["up", 1]);
      identity.check(5 * RECHECK_MS);
      answer("a", answers);
      expect([stateOf("a"), foreign.length]).to.deep.equal(["foreign", 2]);
    });
  }

  it("says it again of a source that has reconnected to another chain, and asks it at once", () => {
    identity.check(0);
    answer("a", [ok("0x1"), ok(null), ok(null)]);
    connect("a");
    identity.check(1);
    answer("a", [ok("0x1"), ok(null), ok(null)]);
    expect(foreign).to.deep.equal(["a: it serves chain 1, not 10", "a: it serves chain 1, not 10"]);
  });

  it("does not take an answer of an old connection for one of the new", () => {
    identity.check(0);
    const old = outbox.next("a");
    board.setDown("a", "closed");
    connect("a");
    expect(identity.answer(old.id, OURS)).to.equal("not-ours");
    expect(stateOf("a")).to.equal("unidentified");
    identity.check(1);
    expect(answer("a")).to.equal("new");
    expect(stateOf("a")).to.equal("up");
  });

  it("asks nobody that is down, and takes no answer that is not its own", () => {
    board.setDown("a", "closed");
    identity.check(0);
    expect(outbox.open).to.deep.equal([]);
    expect(identity.answer(77, OURS)).to.equal("not-ours");
  });
});
