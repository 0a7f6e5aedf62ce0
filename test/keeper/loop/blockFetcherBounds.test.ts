import { expect } from "chai";

import { SourceBoard } from "../../../keeper/chain/agree/SourceBoard.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import { bigintToBytes } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Address, type Hash } from "../../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { encodeRlp } from "../../../keeper/lib/rlp.ts";
import { BlockFetcher } from "../../../keeper/loop/BlockFetcher.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import type { RpcAnswer, RpcCall } from "../../../keeper/loop/ports.ts";
import { AskedOutbox, failed, ok } from "../../helpers/keeper/AskedOutbox.ts";
import { ADDRESSES, inventBlock, inventChain, type InventedBlock } from "../../helpers/keeper/inventedBlocks.ts";

const PAUSER: Address = `0x${"fa".repeat(20)}`;
const SOURCES = ["a", "b", "c"];
const HEDGE_MS = 60;
const BLOCK = inventBlock({ number: 100, transactions: 3 });
/** Gas for some 22,000 transactions. */
const GAS = { gasLimit: "0x5f5e100", gasUsed: "0x5f5e100" };
const LIST = Array.from({ length: 20_000 }, (): Hash => `0x${"ab".repeat(32)}`);
const ROOT: Hash = `0x${"77".repeat(32)}`;

/** The account of the pauser, and nothing else, with a nonce. */
function stateOf(nonce: bigint) {
  const account = encodeRlp([bigintToBytes(nonce), new Uint8Array(0), new Uint8Array(32), new Uint8Array(32).fill(9)]);
  const leaf = encodeRlp([new Uint8Array([0x20, ...keccak256(hexToBytes(PAUSER))]), account]);
  return { root: keccak256Hex(leaf), proof: { accountProof: [bytesToHex(leaf)], storageProof: null } };
}

describe("BlockFetcher among bad answers", () => {
  let outbox: AskedOutbox;
  let fetcher: BlockFetcher;
  let liars: string[];
  let nowMs: number;

  beforeEach(() => {
    outbox = new AskedOutbox();
    const board = new SourceBoard(SOURCES.map((id) => ({ id, operator: id })));
    for (const source of SOURCES) {
      board.setUp(source);
      board.identify(source, null);
    }
    liars = [];
    nowMs = 1_000;
    const keys = { pauser: PAUSER, poster: PAUSER };
    const options = { addresses: ADDRESSES, ...keys, requestDeadlineMs: 2_000, hedgeMs: HEDGE_MS };
    fetcher = new BlockFetcher(options as unknown as KeeperOptions, { outbox, board }, (source) => liars.push(source));
  });

  const held = (block = BLOCK) => fetcher.get(block.hash)!;
  const methodsAsked = (): string[] => outbox.open.map(({ calls }) => calls[0]!.method);

  /** Answers the oldest question to a source, each call by its method. */
  function answer(source: string, byMethod: (call: RpcCall, at: number) => RpcAnswer): void {
    const { id, calls } = outbox.next(source);
    expect(fetcher.answer(id, calls.map(byMethod), nowMs)).to.equal(true);
  }

  /** What a node has to say about a block, with changes to the header's answer. */
  function about(block: InventedBlock, changes: Readonly<Record<string, unknown>> = {}) {
    return ({ method, params }: RpcCall): RpcAnswer => {
      if (method === "eth_getBlockByHash") return ok({ ...block.json, ...changes });
      if (method === "eth_getBlockReceipts") return ok(block.receipts);
      if (method === "eth_getProof") return ok(block.proof);
      return ok(block.receipts.find(({ transactionHash }) => transactionHash === params[0]) ?? null);
    };
  }

  /** The same of a node without `eth_getBlockReceipts`. */
  function without(block: InventedBlock) {
    return (call: RpcCall) => (call.method === "eth_getBlockReceipts" ? failed("SourceRpcError") : about(block)(call));
  }

  function wantHeader(sources: readonly string[], block = BLOCK, withProofs = false): void {
    fetcher.wantHeader(block.hash, { sources, withProofs, number: block.number, below: 0 }, nowMs);
  }

  function fetchHeader(source: string, block = BLOCK, changes: Readonly<Record<string, unknown>> = {}): void {
    wantHeader([source], block);
    answer(source, about(block, changes));
  }

  const wantFacts = (sources: readonly string[], block = BLOCK): void => {
    fetcher.wantFacts(block.hash, sources, nowMs);
  };

  describe("that throw where they are read", () => {
    const trap = JSON.parse('[{"toString":0}]') as unknown;

    it("takes a list of objects without toString for a forged one", () => {
      fetchHeader("a", BLOCK, { transactions: trap });
      expect([held().header, liars]).to.deep.equal([null, ["a"]]);
    });

    it("does not look at lists in ranges and in blocks that it learns", () => {
      const [below, top] = inventChain(90, 2, 1) as [InventedBlock, InventedBlock];
      fetcher.wantHeader(top.hash, { sources: ["a"], withProofs: false, number: top.number, below: 1 }, nowMs);
      answer("a", (call) =>
        call.params[0] === top.hash ? about(top)(call) : ok({ ...below.json, transactions: trap }),
      );
      fetcher.learn({ ...BLOCK.json, transactions: trap }, "b", nowMs);
      expect([held(below).header?.hash, held().header?.hash]).to.deep.equal([below.hash, BLOCK.hash]);
      expect([held(below).listedBy, held().listedBy, held().transactions, liars]).to.deep.equal([null, null, [], []]);
    });

    it("cannot judge what it has a bug with, and goes on with the next source", () => {
      const bug = new Proxy({}, { getOwnPropertyDescriptor: () => expect.fail("a bug") });
      wantHeader(["a"]);
      answer("a", () => ok(bug));
      expect([held().header, held().unsupported]).to.deep.equal([null, "it could not be read: a bug"]);
      const odd = new Proxy({}, { getOwnPropertyDescriptor: () => raise("no error") });
      wantHeader(["c"]);
      answer("c", () => ok(odd));
      expect(held().unsupported).to.equal("it could not be read: what was thrown is no error");
      expect(liars).to.deep.equal([]);
      wantHeader(SOURCES);
      answer("b", about(BLOCK));
      expect([held().header?.hash, held().unsupported, liars]).to.deep.equal([BLOCK.hash, null, ["a", "c"]]);
    });
  });

  describe("that throw where proofs and receipts are read", () => {
    const bug = new Proxy({}, { get: () => expect.fail("a bug") });

    it("cannot judge them either, and the next source's are taken", () => {
      fetchHeader("a");
      fetcher.wantProofs(BLOCK.hash, ["a"], nowMs);
      answer("a", () => ok(bug));
      expect([held().proven, held().unsupported]).to.deep.equal([null, "it could not be read: a bug"]);
      fetcher.wantProofs(BLOCK.hash, ["b"], nowMs);
      answer("b", about(BLOCK));
      expect([held().proven === null, held().unsupported, liars.splice(0)]).to.deep.equal([false, null, ["a"]]);
      wantFacts(["a"]);
      answer("a", () => ok([bug]));
      expect([held().facts, held().unsupported, liars]).to.deep.equal([null, "it could not be read: a bug", []]);
    });
  });

  describe("that cannot be judged", () => {
    const later = { timestamp: "0x1", futureRoot: 7 };
    const unknownType = (): RpcAnswer => ok(BLOCK.receipts.map((receipt) => ({ ...receipt, type: "0x7d" })));

    it("is nobody's lie until another's header for the same hash verifies, however it comes", () => {
      for (const [index, how] of ["asked", "learned", "in a range"].entries()) {
        const [block, above] = inventChain(200 + 10 * index, 2) as [InventedBlock, InventedBlock];
        fetchHeader("a", block, later);
        expect([held(block).unsupported, liars], how).to.deep.equal(["the header has unknown fields", []]);
        if (how === "asked") fetchHeader("b", block);
        else if (how === "learned") fetcher.learn(block.json, "b", nowMs);
        else {
          fetcher.wantHeader(above.hash, { sources: ["b"], withProofs: false, number: above.number, below: 1 }, nowMs);
          answer("b", (call) =>
            about(call.params[0] === above.hash ? above : block)({ ...call, method: "eth_getBlockByHash" }),
          );
        }
        expect([held(block).unsupported, liars.splice(0)], how).to.deep.equal([null, ["a"]]);
      }
    });

    it("is a lie at once when the header is there already", () => {
      wantHeader(["a", "b"]);
      nowMs += HEDGE_MS;
      wantHeader(["a", "b"]);
      answer("b", about(BLOCK));
      answer("a", about(BLOCK, later));
      expect([held().unsupported, liars]).to.deep.equal([null, ["a"]]);
    });

    it("is not held against a source that answers right when it is asked again", () => {
      fetchHeader("a", BLOCK, later);
      fetcher.retry(BLOCK.hash);
      fetchHeader("a");
      expect([held().header?.hash, held().unsupported, liars]).to.deep.equal([BLOCK.hash, null, []]);
    });

    it("is a lie of receipts as soon as another's verify, and the block is no longer beyond this version", () => {
      fetchHeader("b");
      wantFacts(["a"]);
      answer("a", unknownType);
      expect([held().unsupported, liars]).to.deep.equal(["receipt 0 has type 125", []]);
      wantFacts(["b"]);
      answer("b", about(BLOCK));
      expect([held().facts?.logs.length, held().unsupported, liars]).to.deep.equal([3, null, ["a"]]);
    });

    it("stays so where only another part verifies", () => {
      fetchHeader("b");
      wantFacts(["a"]);
      answer("a", unknownType);
      fetcher.wantProofs(BLOCK.hash, ["b"], nowMs);
      answer("b", about(BLOCK));
      expect([held().proven === null, held().unsupported, liars]).to.deep.equal([false, "receipt 0 has type 125", []]);
    });
  });

  describe("of more than it can hold", () => {
    /** Blocks that are on nobody's chain, with room for many transactions. */
    const fake = (number: number) => inventBlock({ number, header: { ...GAS, receiptsRoot: ROOT } });
    const listed = (block: InventedBlock): number => held(block).transactions.length;

    it("refuses a list that is longer than the gas is enough for, with the header", () => {
      const block = inventBlock({ number: 5, header: { receiptsRoot: ROOT } });
      fetchHeader("a", block, { transactions: LIST.slice(0, 65) });
      expect([held(block).header, liars]).to.deep.equal([null, ["a"]]);
      fetchHeader("b", block, { transactions: LIST.slice(0, 64) });
      expect([listed(block), liars]).to.deep.equal([64, ["a"]]);
    });

    it("forgets the lists of the oldest blocks beyond a million entries, and nothing else of them", () => {
      const blocks = Array.from({ length: 52 }, (_, index) => fake(index));
      for (const block of blocks) fetchHeader("a", block, { transactions: LIST });
      expect(blocks.map(listed)).to.deep.equal([0, 0, ...Array.from({ length: 50 }, () => 20_000)]);
      expect(blocks.map((block) => held(block).header?.hash)).to.deep.equal(blocks.map(({ hash }) => hash));
      expect([held(blocks[0]).listedBy, held(blocks[2]).listedBy]).to.deep.equal([null, "a"]);
      // Those that are forgotten make room.
      for (const { hash } of blocks.slice(30)) fetcher.forget(hash);
      for (const block of blocks.slice(30)) fetchHeader("b", block, { transactions: LIST });
      expect([...blocks.slice(2).map(listed), liars]).to.deep.equal([...LIST.slice(0, 50).map(() => 20_000), []]);
    });

    it("holds no list that is too long to ask through one by one, and asks its source for no other", () => {
      const block = fake(6);
      fetchHeader("a", block, { transactions: [...LIST, LIST[0]] });
      expect([held(block).header?.hash, held(block).listedBy, listed(block)]).to.deep.equal([block.hash, null, 0]);
      wantFacts(["a"], block);
      answer("a", () => failed("SourceRpcError"));
      wantFacts(["a"], block);
      expect([outbox.open, held(block).missing]).to.deep.equal([
        [],
        "20001 transactions are too many to ask for their receipts one by one",
      ]);
    });

    it("lets a list go as soon as the facts are there, and takes none after that", () => {
      fetchHeader("a");
      expect([held().transactions.length, held().listedBy]).to.deep.equal([3, "a"]);
      wantFacts(["a"]);
      answer("a", about(BLOCK));
      expect([held().transactions, held().listedBy, held().facts?.logs.length]).to.deep.equal([[], null, 3]);
      const skipped = inventBlock({ number: 7, transactions: 1 });
      wantHeader(["a", "b"], skipped);
      nowMs += HEDGE_MS;
      wantHeader(["a", "b"], skipped);
      answer("b", about(skipped));
      fetcher.skipFacts(skipped.hash);
      answer("a", about(skipped));
      expect([held(skipped).transactions, held(skipped).listedBy]).to.deep.equal([[], null]);
    });

    it("takes no list for a block that it has forgotten meanwhile", () => {
      wantHeader(["a"]);
      const block = held();
      fetcher.forget(BLOCK.hash);
      answer("a", about(BLOCK));
      expect([block.listedBy, block.transactions]).to.deep.equal([null, []]);
    });

    it("holds headers without their encoding", () => {
      fetchHeader("a");
      const [other] = inventChain(300, 1) as [InventedBlock];
      fetcher.learn(other.json, "a", nowMs);
      expect([held().header?.rlp, held(other).header?.rlp]).to.deep.equal(["0x", "0x"]);
    });

    it("keeps of proofs what proves, also of those that wait for others", () => {
      const { accountProof } = BLOCK.proof as { accountProof: unknown };
      const junk = (call: RpcCall): RpcAnswer =>
        ok({ ...(BLOCK.proof as object), junk: call, storageProof: [{ junk: 1 }] });
      const bare = (address: Address) => ({ address, accountProof, storageProof: [] });
      const addresses = [...BOOK_NAMES.map((name) => ADDRESSES[name]), PAUSER];
      fetchHeader("a");
      fetcher.wantProofs(BLOCK.hash, ["a"], nowMs);
      answer("a", (call, at) => (at === 1 ? failed() : junk(call)));
      const waiting = [...held().keptProofs.values()];
      expect(waiting).to.deep.equal(addresses.filter((_, at) => at !== 1).map((address) => ok(bare(address))));
      fetcher.wantProofs(BLOCK.hash, ["b"], nowMs);
      answer("b", junk);
      expect(held().served).to.deep.equal({ source: "b", answers: addresses.map(bare) });
      expect([held().keptProofs.size, held().proven === null, liars]).to.deep.equal([0, false, []]);
    });
  });

  describe("where receipts come one by one", () => {
    it("blames nobody for receipts in the order of another's list, whoever listed since", () => {
      const { transactions } = BLOCK.json;
      fetchHeader("b", BLOCK, { transactions: transactions.toReversed() });
      wantFacts(["a"]);
      answer("a", without(BLOCK));
      const late = outbox.next("a");
      expect(late.calls.map(({ params }) => params[0])).to.deep.equal(transactions.toReversed());
      for (let number = 0; number < 50; number += 1) {
        const block = inventBlock({ number, header: { ...GAS, receiptsRoot: ROOT } });
        fetchHeader("c", block, { transactions: LIST });
      }
      expect(held().listedBy).to.equal(null);
      nowMs += HEDGE_MS;
      wantFacts(["a"]);
      answer("a", about(BLOCK));
      expect(held().listedBy).to.equal("a");
      fetcher.answer(late.id, late.calls.map(about(BLOCK)), nowMs);
      expect([held().facts, liars]).to.deep.equal([null, []]);
      fetcher.retry(BLOCK.hash);
      wantFacts(["a"]);
      answer("a", about(BLOCK));
      expect([held().facts?.logs.length, liars]).to.deep.equal([3, []]);
    });

    it("asks a source for those of a block again ten minutes after it could not answer that", () => {
      fetchHeader("a");
      wantFacts(["a"]);
      answer("a", without(BLOCK));
      for (const [waitMs, method] of [
        [599_999, "eth_getTransactionReceipt"],
        [1, "eth_getBlockReceipts"],
      ] as const) {
        nowMs += waitMs;
        const block = inventBlock({ number: 400 + waitMs, transactions: 1 });
        outbox.open.length = 0;
        fetchHeader("a", block);
        wantFacts(["a"], block);
        expect(methodsAsked(), `${waitMs}`).to.deep.equal([method]);
      }
    });

    it("asks for the list that it did not keep, and for the receipts by it", () => {
      fetcher.learn(BLOCK.json, "b", nowMs);
      const asked: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        wantFacts(["a"]);
        asked.push(...methodsAsked());
        answer("a", without(BLOCK));
      }
      expect(asked).to.deep.equal(["eth_getBlockReceipts", "eth_getBlockByHash", "eth_getTransactionReceipt"]);
      expect([held().facts?.logs.length, held().listedBy, liars]).to.deep.equal([3, null, []]);
    });

    it("asks those first that have the receipts of a block, and waits for them no longer than for others", () => {
      const other = inventBlock({ number: 500, transactions: 1 });
      fetchHeader("a", other);
      wantFacts(["a"], other);
      answer("a", without(other));
      outbox.open.length = 0;
      fetcher.learn(BLOCK.json, "c", nowMs);
      wantFacts(["a", "b"]);
      nowMs += HEDGE_MS - 1;
      wantFacts(["a", "b"]);
      expect([outbox.asked, methodsAsked()]).to.deep.equal([["b"], ["eth_getBlockReceipts"]]);
      nowMs += 1;
      wantFacts(["a", "b"]);
      expect(methodsAsked()).to.deep.equal(["eth_getBlockReceipts", "eth_getBlockByHash"]);
      answer(outbox.asked[1]!, about(BLOCK));
      wantFacts(["a", "b"]);
      expect(methodsAsked()).to.include("eth_getTransactionReceipt");
      answer("a", about(BLOCK));
      expect([held().facts?.logs.length, liars]).to.deep.equal([3, []]);
    });

    it("needs no list to know that a block is empty, and believes no list that it is not", () => {
      const empty = inventBlock({ number: 600 });
      fetcher.learn({ ...empty.json, transactions: BLOCK.json.transactions }, "a", nowMs);
      wantFacts(SOURCES, empty);
      expect([outbox.open, held(empty).facts?.logs]).to.deep.equal([[], []]);
      fetcher.learn({ ...BLOCK.json, transactions: [] }, "a", nowMs);
      wantFacts(SOURCES);
      expect([methodsAsked(), held().facts]).to.deep.equal([["eth_getBlockReceipts"], null]);
    });
  });

  describe("of a state that no chain has", () => {
    it("leaves a nonce out that no key can have, and proves the books all the same", () => {
      for (const [nonce, expected] of [
        [(1n << 48n) - 1n, [[PAUSER, 2 ** 48 - 1]]],
        [1n << 48n, []],
        [1n << 53n, []],
        [(1n << 64n) - 1n, []],
      ] as const) {
        const { root, proof } = stateOf(nonce);
        const block = { ...inventBlock({ number: 700, header: { stateRoot: root } }), proof };
        wantHeader(["a"], block, true);
        answer("a", about(block));
        expect([...held(block).nonces!], `${nonce}`).to.deep.equal(expected);
        expect(held(block).proven?.PositionLedger).to.equal(null);
      }
      expect(liars).to.deep.equal([]);
    });
  });
});

/** Throws what is no error. */
function raise(what: unknown): never {
  throw what;
}
