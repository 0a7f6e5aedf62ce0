import { expect } from "chai";

import { SourceBoard } from "../../../keeper/chain/agree/SourceBoard.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import type { Address, Hash } from "../../../keeper/lib/hex.ts";
import { BlockFetcher } from "../../../keeper/loop/BlockFetcher.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import type { RpcAnswer, RpcCall } from "../../../keeper/loop/ports.ts";
import { AskedOutbox, failed, ok } from "../../helpers/keeper/AskedOutbox.ts";
import {
  ADDRESSES,
  inventBlock,
  inventChain,
  LEDGER_ROOT,
  type InventedBlock,
} from "../../helpers/keeper/inventedBlocks.ts";

const HEDGE_MS = 60;
const PAUSER: Address = `0x${"fa".repeat(20)}`;
const SOURCES = ["a", "b", "c", "d", "e"];
const BLOCK = inventBlock({ number: 100, transactions: 3 });
const EMPTY = inventBlock({ number: 100 });
const BOGUS: readonly Hash[] = [`0x${"b0".repeat(32)}`, `0x${"b1".repeat(32)}`, `0x${"b2".repeat(32)}`];

/** What a node has. */
interface Node {
  readonly blocks: readonly InventedBlock[];
  readonly hasBlockReceipts?: boolean;
}

/** How a node that has some blocks answers a call. */
function answerOf({ blocks, hasBlockReceipts = true }: Node, { method, params }: RpcCall): RpcAnswer {
  const [first, , third] = params as [Hash & { readonly blockHash?: Hash }, unknown, { readonly blockHash: Hash }?];
  const byHash = (hash: Hash | undefined) => blocks.find((block) => block.hash === hash);
  switch (method) {
    case "eth_getBlockByHash":
      return ok(byHash(first)?.json ?? null);
    case "eth_getBlockByNumber":
      return ok(blocks.find(({ number }) => number === Number(first))?.json ?? null);
    case "eth_getBlockReceipts":
      if (!hasBlockReceipts) return failed("SourceRpcError");
      return ok(byHash(first.blockHash)?.receipts ?? null);
    case "eth_getTransactionReceipt": {
      const receipts = blocks.flatMap((block) => block.receipts);
      return ok(receipts.find(({ transactionHash }) => transactionHash === first) ?? null);
    }
    case "eth_getProof": {
      const block = byHash(third?.blockHash);
      return block === undefined ? failed("SourceRpcError") : ok(block.proof);
    }
    default:
      return failed();
  }
}

describe("BlockFetcher", () => {
  let outbox: AskedOutbox;
  let board: SourceBoard;
  let fetcher: BlockFetcher;
  let liars: string[];
  let nowMs: number;

  beforeEach(() => {
    outbox = new AskedOutbox();
    board = new SourceBoard(SOURCES.map((id) => ({ id, operator: id })));
    for (const source of SOURCES) {
      board.setUp(source);
      board.identify(source, null);
    }
    liars = [];
    nowMs = 1_000;
    const options = {
      addresses: ADDRESSES,
      pauser: PAUSER,
      poster: PAUSER,
      requestDeadlineMs: 2_000,
      hedgeMs: HEDGE_MS,
    };
    fetcher = new BlockFetcher(options as unknown as KeeperOptions, { outbox, board }, (source) => {
      liars.push(source);
    });
  });

  const wantHeader = (
    wish: { below?: number; withProofs?: boolean; sources?: string[]; block?: InventedBlock } = {},
  ) => {
    const { below = 0, withProofs = false, sources = SOURCES, block = BLOCK } = wish;
    fetcher.wantHeader(block.hash, { sources, withProofs, number: block.number, below }, nowMs);
  };
  const wantFacts = (block = BLOCK, sources = SOURCES) => {
    fetcher.wantFacts(block.hash, sources, nowMs);
  };
  const wantProofs = (block = BLOCK, sources = SOURCES) => {
    fetcher.wantProofs(block.hash, sources, nowMs);
  };

  /** A source answers its oldest question: as a node does, with changes. */
  function answer(
    source: string,
    node: Node,
    change: (answer: RpcAnswer, at: number) => RpcAnswer = (same) => same,
  ): void {
    const { id, calls } = outbox.next(source);
    const answers = calls.map((call, at) => change(answerOf(node, call), at));
    expect(fetcher.answer(id, answers, nowMs)).to.equal(true);
  }

  /** Every call of a source's oldest question fails. */
  function fail(source: string, code?: string): void {
    answer(source, NODE, () => failed(code));
  }

  const NODE: Node = { blocks: [BLOCK] };
  const WITHOUT: Node = { blocks: [BLOCK], hasBlockReceipts: false };
  /** Changes the header's bytes, so that it hashes to something else. */
  const forged = (): RpcAnswer => ok({ ...BLOCK.json, timestamp: "0x1" });
  const methodsAsked = (): string[] => outbox.open.map(({ calls }) => calls[0]!.method);
  const held = (block = BLOCK) => fetcher.get(block.hash)!;
  const scoreOf = (source: string) => board.reports().find(({ id }) => id === source)!;

  /** The header is there, told by one source. */
  function fetchHeader(source = "a", block = BLOCK): void {
    wantHeader({ sources: [source], block });
    answer(source, { blocks: [block] });
    expect(fetcher.header(block.hash)?.hash).to.equal(block.hash);
  }

  describe("hedging", () => {
    it("asks the first source, and a second and a third one each time that the newest takes long", () => {
      const asked: string[][] = [];
      for (let count = 0; count < 8; count += 1) {
        wantHeader();
        asked.push(outbox.asked);
        nowMs += HEDGE_MS - 1;
        wantHeader();
        expect(outbox.asked).to.deep.equal(asked.at(-1));
        nowMs += 1;
      }
      expect(asked[0]).to.deep.equal(["a"]);
      expect(asked[1]).to.deep.equal(["a", "b"]);
      // Never more than three, and none of them twice.
      for (const names of asked.slice(2)) expect(names).to.deep.equal(["a", "b", "c"]);
    });

    it("asks the next at once when one has no answer, and nobody twice until it may be retried", () => {
      for (const source of SOURCES) {
        wantHeader();
        expect(outbox.asked).to.deep.equal([source]);
        fail(source);
      }
      for (let count = 0; count < 5; count += 1) {
        nowMs += 10_000;
        wantHeader();
      }
      expect(outbox.asked).to.deep.equal([]);
      expect(held().missing).to.be.a("string");
      fetcher.retry(BLOCK.hash);
      wantHeader();
      expect(outbox.asked).to.have.length(1);
      fetcher.retry(inventBlock({ number: 5 }).hash);
    });

    it("asks whoever limits the rate last, for as long as it says", () => {
      wantHeader();
      const { id } = outbox.next("a");
      fetcher.answer(id, [{ ok: false, code: "SourceRateLimited", message: "slow down", retryAfterMs: 5_000 }], nowMs);
      expect(scoreOf("a").state).to.equal("limited");
      const other = inventBlock({ number: 7 });
      wantHeader({ block: other });
      expect(outbox.asked).to.deep.equal(["b"]);
      for (const source of ["b", "c", "d", "e"]) {
        answer(source, NODE);
        wantHeader({ block: other });
      }
      expect(outbox.asked).to.deep.equal(["a"]);
      board.release(nowMs + 4_999);
      expect(scoreOf("a").state).to.equal("limited");
      board.release(nowMs + 5_000);
      expect(scoreOf("a").state).to.equal("up");
    });

    it("asks whoever was silent lately last", () => {
      wantHeader();
      fail("a");
      wantHeader();
      answer("b", NODE);
      wantHeader({ block: EMPTY });
      expect(outbox.asked).to.deep.equal(["b"]);
    });

    it("takes the first answer that verifies, and none after it", () => {
      wantHeader();
      nowMs += HEDGE_MS;
      wantHeader();
      answer("b", NODE);
      const before = held().header;
      expect([before?.hash, held().listedBy]).to.deep.equal([BLOCK.hash, "b"]);
      answer("a", { blocks: [BLOCK] }, () => ok({ ...BLOCK.json, transactions: BOGUS }));
      expect(held().header).to.equal(before);
      expect([held().listedBy, held().transactions]).to.deep.equal(["b", BLOCK.json.transactions]);
      wantHeader();
      expect([outbox.asked, liars]).to.deep.equal([[], []]);
    });

    it("punishes a forged answer, and asks on, whether it comes first or too late", () => {
      wantHeader();
      nowMs += HEDGE_MS;
      wantHeader();
      answer("a", NODE, forged);
      expect([fetcher.header(BLOCK.hash), liars]).to.deep.equal([undefined, ["a"]]);
      answer("b", NODE);
      expect(fetcher.header(BLOCK.hash)?.hash).to.equal(BLOCK.hash);

      wantHeader({ block: EMPTY });
      nowMs += HEDGE_MS;
      wantHeader({ block: EMPTY });
      const [first, second] = outbox.asked as [string, string];
      answer(second, { blocks: [EMPTY] });
      answer(first, { blocks: [EMPTY] }, forged);
      expect(liars).to.deep.equal(["a", first]);
      expect(fetcher.header(EMPTY.hash)?.hash).to.equal(EMPTY.hash);
    });

    it("asks nobody beyond those that were named", () => {
      wantHeader({ sources: ["d"] });
      nowMs += 10 * HEDGE_MS;
      wantHeader({ sources: ["d"] });
      expect(outbox.asked).to.deep.equal(["d"]);
      fail("d");
      wantHeader({ sources: [] });
      expect(outbox.asked).to.deep.equal([]);
    });

    it("takes no answer that is not its own, nor one twice", () => {
      wantHeader();
      const { id } = outbox.next("a");
      expect(fetcher.answer(id + 1, [ok(BLOCK.json)], nowMs)).to.equal(false);
      expect(fetcher.answer(id, [ok(null)], nowMs)).to.equal(true);
      expect(fetcher.answer(id, [ok(BLOCK.json)], nowMs)).to.equal(false);
      expect(fetcher.header(BLOCK.hash)).to.equal(undefined);
    });

    it("does not call a source a liar for a header of a fork that this version does not know", () => {
      wantHeader();
      answer("a", NODE, () => ok({ ...BLOCK.json, timestamp: "0x1", futureRoot: BLOCK.hash }));
      expect([liars, held().unsupported]).to.deep.equal([[], "the header has unknown fields"]);
      wantHeader();
      answer("b", NODE);
      expect([held().header?.hash, held().unsupported]).to.deep.equal([BLOCK.hash, null]);
    });

    it("measures how long answers take, and how many came", () => {
      wantHeader();
      nowMs += 30;
      answer("a", NODE);
      expect(scoreOf("a")).to.include({ latencyMs: 30, score: 100 });
      wantHeader({ block: EMPTY });
      answer("a", NODE);
      expect(scoreOf("a")).to.include({ latencyMs: 30, score: 90 });
    });
  });

  describe("ranges", () => {
    const chain = inventChain(90, 11);
    const top = chain.at(-1)!;
    const numbers = (): number[] => chain.flatMap(({ hash, number }) => (fetcher.header(hash) ? [number] : []));

    it("come with the header, by number from the highest down, and without proofs", () => {
      wantHeader({ block: top, below: 3 });
      expect(outbox.open[0]!.calls).to.deep.equal([
        { method: "eth_getBlockByHash", params: [top.hash, false] },
        ...["0x63", "0x62", "0x61"].map((number) => ({ method: "eth_getBlockByNumber", params: [number, false] })),
      ]);
      answer("a", { blocks: chain });
      expect(numbers()).to.deep.equal([97, 98, 99, 100]);
      expect([held(chain[8]).listedBy, held(chain[8]).wantsProofs]).to.deep.equal([null, false]);
    });

    it("count only as far as each is the parent of the one above, and nobody is called a liar for the rest", () => {
      wantHeader({ block: top, below: 10 });
      const other = inventBlock({ number: 96, salt: "other" });
      answer("a", { blocks: chain.map((block) => (block.number === 96 ? other : block)) });
      expect(numbers()).to.deep.equal([97, 98, 99, 100]);
      expect([fetcher.get(other.hash), liars]).to.deep.equal([undefined, []]);
    });

    it("end where an answer is missing", () => {
      wantHeader({ block: top, below: 10 });
      answer("a", { blocks: chain }, (same, at) => (at === 4 ? failed() : same));
      expect(numbers()).to.deep.equal([97, 98, 99, 100]);
    });

    it("come to nothing where the header itself is missing or forged", () => {
      wantHeader({ block: top, below: 10 });
      answer("a", { blocks: chain }, (same, at) => (at === 0 ? ok(null) : same));
      expect(numbers()).to.deep.equal([]);
      wantHeader({ block: top, below: 10 });
      answer("b", { blocks: chain }, (same, at) => (at === 0 ? ok({ ...top.json, timestamp: "0x1" }) : same));
      expect([numbers(), liars]).to.deep.equal([[], ["b"]]);
    });

    it("change nothing about headers that are there", () => {
      fetchHeader("c", chain[9]);
      const { header } = held(chain[9]);
      wantHeader({ block: top, below: 2 });
      answer("a", { blocks: chain });
      expect([held(chain[9]).listedBy, held(chain[9]).header === header]).to.deep.equal(["c", true]);
    });

    it("come after the proofs where these are asked for as well", () => {
      wantHeader({ block: top, below: 3, withProofs: true });
      answer("a", { blocks: chain });
      expect(held(top).proven?.PositionLedger?.storageRoot).to.equal(LEDGER_ROOT);
      expect(numbers()).to.deep.equal([97, 98, 99, 100]);
    });

    it("are proven one by one afterwards", () => {
      wantHeader({ block: top, below: 3 });
      answer("a", { blocks: chain });
      for (const block of chain.slice(7)) wantProofs(block);
      expect(methodsAsked()).to.deep.equal(["eth_getProof", "eth_getProof", "eth_getProof", "eth_getProof"]);
      for (const block of chain.slice(7)) answer("a", { blocks: [block] });
      for (const block of chain.slice(7)) expect(held(block).proven).to.not.equal(null);
    });
  });

  describe("proofs", () => {
    it("come with the header in one question, of the books and of the keeper's own keys, each once", () => {
      wantHeader({ withProofs: true });
      const addresses = outbox.open[0]!.calls.slice(1).map(({ params }) => params[0]);
      expect(addresses).to.deep.equal([...BOOK_NAMES.map((name) => ADDRESSES[name]), PAUSER]);
      answer("a", NODE);
      const { proven, nonces, served } = held();
      expect(proven?.PositionLedger?.storageRoot).to.equal(LEDGER_ROOT);
      expect(proven?.SyncGuard).to.equal(null);
      expect(nonces).to.deep.equal(new Map([[PAUSER, 0]]));
      expect([served?.source, served?.answers.length]).to.deep.equal(["a", BOOK_NAMES.length + 1]);
    });

    it("are asked of the next source when one has none, and the header stays", () => {
      wantHeader({ withProofs: true });
      answer("a", NODE, (same, at) => (at === 0 ? same : failed("SourceRpcError")));
      expect([held().header?.hash, held().proven, held().proofMissing]).to.deep.equal([
        BLOCK.hash,
        null,
        "SourceRpcError here",
      ]);
      wantProofs();
      expect(outbox.asked).to.deep.equal(["b"]);
      answer("b", NODE);
      expect(held().proven?.PositionLedger?.storageRoot).to.equal(LEDGER_ROOT);
      wantProofs();
      expect([outbox.asked, liars]).to.deep.equal([[], []]);
    });

    it("that do not verify are a lie, one of them among right ones too", () => {
      const lie = inventBlock({ number: 100, salt: "lie" }).proof;
      fetchHeader();
      wantProofs();
      answer("a", NODE, (same, at) => (at === 3 ? ok({ ...lie, accountProof: ["0xc0"] }) : same));
      expect([held().proven, liars]).to.deep.equal([null, ["a"]]);
      wantProofs();
      answer("b", NODE, (same, at) => (at === BOOK_NAMES.length ? ok({ accountProof: "0x" }) : same));
      expect([held().proven, held().nonces, liars]).to.deep.equal([null, null, ["a", "b"]]);
      wantProofs();
      answer("c", NODE);
      expect(held().proven).to.not.equal(null);
    });

    it("that come too late change nothing", () => {
      fetchHeader();
      wantProofs();
      nowMs += HEDGE_MS;
      wantProofs();
      answer("b", NODE);
      const { proven, served } = held();
      answer("a", NODE, () => ok({ accountProof: ["0xc0"], storageProof: [] }));
      expect([held().proven, held().served]).to.deep.equal([proven, served]);
    });

    it("are not asked for before the header is there", () => {
      wantProofs();
      wantHeader();
      wantProofs();
      expect(methodsAsked()).to.deep.equal(["eth_getBlockByHash"]);
    });
  });

  describe("receipts", () => {
    const facts = () => held().facts?.logs.map(({ transactionHash }) => transactionHash);
    const LOGS = BLOCK.receipts.map(({ transactionHash }) => transactionHash);

    it("come in one call", () => {
      fetchHeader();
      wantFacts();
      expect(outbox.open[0]!.calls).to.deep.equal([
        { method: "eth_getBlockReceipts", params: [{ blockHash: BLOCK.hash }] },
      ]);
      answer("a", NODE);
      expect(facts()).to.deep.equal(LOGS);
    });

    it("come one by one of a source that has not the call, which is asked no other way from then on", () => {
      fetchHeader();
      wantFacts();
      answer("a", WITHOUT);
      expect([outbox.asked, outbox.open[0]!.calls.map(({ method }) => method)]).to.deep.equal([
        ["a"],
        ["eth_getTransactionReceipt", "eth_getTransactionReceipt", "eth_getTransactionReceipt"],
      ]);
      answer("a", WITHOUT);
      expect(facts()).to.deep.equal(LOGS);
      const other = inventBlock({ number: 101, transactions: 1 });
      fetchHeader("a", other);
      wantFacts(other);
      expect(methodsAsked()).to.deep.equal(["eth_getTransactionReceipt"]);
      wantFacts(other);
      expect([outbox.open.length, liars]).to.deep.equal([1, []]);
    });

    it("do not come one by one for a call that was not answered in time: the next source is asked", () => {
      fetchHeader();
      wantFacts();
      fail("a", "SourceTimeout");
      wantFacts();
      expect([outbox.asked, methodsAsked()]).to.deep.equal([["b"], ["eth_getBlockReceipts"]]);
    });

    it("that do not verify are a lie of whoever served them in one call", () => {
      fetchHeader("c");
      wantFacts();
      answer("a", NODE, () => ok(BLOCK.receipts.slice(1)));
      expect([liars, facts(), fetcher.header(BLOCK.hash)?.hash]).to.deep.equal([["a"], undefined, BLOCK.hash]);
      wantFacts();
      answer("b", NODE);
      expect(facts()).to.deep.equal(LOGS);
    });

    it("that come too late change nothing", () => {
      fetchHeader();
      wantFacts();
      nowMs += HEDGE_MS;
      wantFacts();
      answer("b", NODE);
      answer("a", NODE, () => ok(BLOCK.receipts.slice(1)));
      expect(facts()).to.deep.equal(LOGS);
    });

    it("of an empty block need no question, and are no answer of anybody", () => {
      fetchHeader("a", EMPTY);
      const before = scoreOf("a");
      nowMs += 500;
      wantFacts(EMPTY);
      expect([outbox.open, held(EMPTY).facts?.logs]).to.deep.equal([[], []]);
      expect(scoreOf("a")).to.deep.equal(before);
      expect(held(EMPTY).factsAtMs).to.be.lessThan(nowMs);
    });

    it("are not asked for where the header proves that no log of the block matters", () => {
      fetchHeader();
      fetcher.skipFacts(BLOCK.hash);
      wantFacts();
      expect([outbox.open, held().facts?.logs]).to.deep.equal([[], []]);
      expect(fetcher.isComplete(held(), SOURCES)).to.equal(true);
      // Nothing is known to be absent from a block whose header is not there.
      wantHeader({ block: EMPTY });
      fetcher.skipFacts(EMPTY.hash);
      expect(held(EMPTY).facts).to.equal(null);
    });

    it("that are there are not replaced by a proof of absence", () => {
      fetchHeader();
      wantFacts();
      answer("a", NODE);
      fetcher.skipFacts(BLOCK.hash);
      expect(facts()).to.deep.equal(LOGS);
    });
  });

  describe("a liar's list of transactions", () => {
    const listing = (transactions: readonly Hash[]) => () => ok({ ...BLOCK.json, transactions });

    it("that contradicts the receipts root is refused with the header", () => {
      wantHeader({ sources: ["a"] });
      answer("a", NODE, listing([]));
      expect([fetcher.header(BLOCK.hash), liars]).to.deep.equal([undefined, ["a"]]);
    });

    it("does no harm where receipts come in one call", () => {
      wantHeader({ sources: ["a"] });
      answer("a", NODE, listing(BOGUS));
      wantFacts(BLOCK, ["b"]);
      answer("b", NODE);
      expect([held().facts?.logs.length, liars]).to.deep.equal([3, []]);
    });

    it("is found out by the liar's own receipts for it, and another list is asked for", () => {
      wantHeader({ sources: ["a"] });
      answer("a", NODE, listing(BLOCK.json.transactions.slice(1)));
      for (const source of ["b", "a"]) {
        wantFacts(BLOCK, [source]);
        answer(source, WITHOUT);
        answer(source, WITHOUT);
      }
      expect(liars).to.deep.equal(["a"]);
      wantFacts(BLOCK, ["b", "a"]);
      expect([outbox.asked, methodsAsked()]).to.deep.equal([["b"], ["eth_getBlockByHash"]]);
      // Votes for what lies below hang on the header: it stays.
      expect(fetcher.header(BLOCK.hash)?.hash).to.equal(BLOCK.hash);
      answer("b", WITHOUT);
      wantFacts(BLOCK, ["b"]);
      answer("b", WITHOUT);
      expect([held().facts?.logs.length, liars]).to.deep.equal([3, ["a"]]);
    });

    it("is not what another liar's forged receipts are held against: who lists is not blamed for them", () => {
      fetchHeader("a");
      const forge = (same: RpcAnswer): RpcAnswer => (same.ok ? ok({ ...(same.value as object), status: "0x0" }) : same);
      wantFacts(BLOCK, ["b"]);
      answer("b", WITHOUT);
      answer("b", WITHOUT, forge);
      expect([liars, held().listedBy]).to.deep.equal([[], "a"]);
      wantFacts(BLOCK, ["b", "a"]);
      expect(outbox.asked).to.deep.equal(["a"]);
      answer("a", WITHOUT);
      answer("a", WITHOUT);
      expect([held().facts?.logs.length, liars]).to.deep.equal([3, []]);
    });

    it("does not wait for the liar when it keeps silent, nor when it is gone", () => {
      for (const [index, gone] of [false, true].entries()) {
        const block = inventBlock({ number: 200 + index, transactions: 2 });
        const nodes: Node = { blocks: [block], hasBlockReceipts: false };
        wantHeader({ sources: ["a"], block });
        answer("a", nodes, () => ok({ ...block.json, transactions: BOGUS }));
        const sources = gone ? ["b", "c"] : ["a", "b", "c"];
        for (let round = 0; round < 12 && held(block).facts === null; round += 1) {
          wantFacts(block, sources);
          nowMs += HEDGE_MS;
          for (const source of outbox.asked.filter((name) => name !== "a")) answer(source, nodes);
        }
        expect([held(block).facts?.logs.length, liars]).to.deep.equal([2, []]);
        for (const source of outbox.asked) fail(source);
      }
    });

    it("is asked for again of a single source no more often than anything else", () => {
      fetchHeader("a");
      wantFacts(BLOCK, ["a"]);
      answer("a", WITHOUT);
      // Its receipts are on their way: nothing is known against its list.
      wantFacts(BLOCK, ["a"]);
      expect([held().listedBy, methodsAsked()]).to.deep.equal(["a", ["eth_getTransactionReceipt"]]);
      for (let round = 0; round < 5; round += 1) {
        wantFacts(BLOCK, ["a"]);
        for (const source of outbox.asked) answer(source, { blocks: [], hasBlockReceipts: false });
      }
      expect([outbox.asked, held().facts]).to.deep.equal([[], null]);
      fetcher.retry(BLOCK.hash);
      for (let round = 0; round < 3; round += 1) {
        wantFacts(BLOCK, ["a"]);
        for (const source of outbox.asked) answer(source, WITHOUT);
      }
      expect(held().facts?.logs.length).to.equal(3);
    });

    it("of transactions that nobody knows ends with the liar, and the block is complete soon after", () => {
      const honest = ["b", "c"];
      const liar: Node = { blocks: [], hasBlockReceipts: false };
      wantHeader({ sources: ["a"] });
      answer("a", NODE, listing(BOGUS));
      let lister: string | null = null;
      // As the follower does: header and receipts are wanted again and again, of all that may be asked.
      for (let round = 0; round < 12 && held().facts === null; round += 1) {
        wantHeader({ sources: [...honest, "a"] });
        wantFacts(BLOCK, [...honest, "a"]);
        for (const source of outbox.asked) answer(source, honest.includes(source) ? WITHOUT : liar);
        lister = held().listedBy ?? lister;
      }
      expect(held().facts?.logs.length).to.equal(3);
      expect(lister).to.be.oneOf(honest);
    });

    it("is not blamed on the lister for one source that has not the receipts", () => {
      fetchHeader("a");
      wantFacts(BLOCK, ["b"]);
      answer("b", { blocks: [], hasBlockReceipts: false });
      answer("b", { blocks: [], hasBlockReceipts: false });
      expect([liars, fetcher.header(BLOCK.hash)?.hash]).to.deep.equal([[], BLOCK.hash]);
      wantFacts(BLOCK, ["b", "c"]);
      answer("c", NODE);
      expect(held().facts?.logs.length).to.equal(3);
    });
  });

  describe("isComplete", () => {
    const isComplete = (sources = SOURCES.slice(0, 2)) => fetcher.isComplete(held(), sources);

    it("needs the logs, and the proofs where they are wanted", () => {
      wantHeader({ withProofs: true, sources: ["a"] });
      expect(isComplete()).to.equal(false);
      answer("a", NODE, (same, at) => (at === 0 ? same : failed()));
      wantFacts();
      expect(isComplete()).to.equal(false);
      answer("a", NODE);
      expect(isComplete()).to.equal(false);
      wantProofs(BLOCK, ["a", "b"]);
      answer("b", NODE);
      expect(isComplete()).to.equal(true);
    });

    it("does without proofs where nobody has them, and waits for who is still asked", () => {
      wantHeader({ withProofs: true, sources: ["a"] });
      answer("a", NODE, (same, at) => (at === 0 ? same : failed()));
      wantFacts();
      answer("a", NODE);
      wantProofs(BLOCK, ["a", "b"]);
      expect(isComplete(["a"])).to.equal(false);
      fail("b");
      expect([isComplete(), isComplete(["a", "b", "c"])]).to.deep.equal([true, false]);
    });

    it("asks for no proofs of a block deeper than they are kept", () => {
      fetchHeader();
      wantFacts();
      answer("a", NODE);
      expect(isComplete()).to.equal(true);
    });
  });
});
