import { expect } from "chai";

import { Books } from "../../../keeper/books/Books.ts";
import { REDUCERS } from "../../../keeper/books/reducers.ts";
import type { RuleInput } from "../../../scripts/chaos/ChaosRpc.ts";
import type { RootDifference } from "../../../keeper/rebuild/proveRoots.ts";
import { RebuildRig } from "./RebuildRig.ts";

describe("a rebuild of a chain that moves", function () {
  this.timeout(120_000);
  let rig: RebuildRig;

  beforeEach(async () => {
    rig = await RebuildRig.open("anvil", 37);
    await rig.world.trade(16);
  });

  afterEach(() => rig.close());

  /**
   * Lets every source take back so many blocks, and the market go on, before it answers for receipts, as soon as the rebuild has
   * come to a block; the answer is still of the old chain.
   */
  function reorgAt(block: number, depth: number): (applied: { readonly number: number }) => void {
    let newest = 0;
    let moved: Promise<unknown> | null = null;
    const change = async (result: unknown): Promise<unknown> => {
      if (newest >= block) await (moved ??= rig.world.send("anvil_reorg", depth, []).then(() => rig.world.trade(3)));
      return result;
    };
    const rule: RuleInput = { method: "eth_getBlockReceipts", action: "replace", change };
    for (const name of ["one", "two", "three"] as const) rig.lie(name, rule);
    return ({ number }) => {
      newest = number;
    };
  }

  it("arrives at the new chain when the target is taken back meanwhile", async () => {
    const onBlock = reorgAt(0, 2);
    const { books, restarts, block } = await rig.rebuild({ onBlock });
    expect(restarts).to.be.greaterThan(0);
    expect(block).to.deep.equal(await rig.head());
    expect(books.toImage()).to.deep.equal((await rig.followed()).toImage());
  });

  it("begins anew when blocks are taken back that it had applied", async () => {
    const { deploymentBlock } = rig.world.market.chain.deployment;
    await rig.world.trade(30);
    const { number: head } = await rig.head();
    const applied: number[] = [];
    const see = reorgAt(head - 22, 30);
    const { books, restarts, blocks, sources } = await rig.rebuild({
      segmentBlocks: 4,
      onBlock: (block) => {
        applied.push(block.number);
        see(block);
      },
    });
    expect(restarts).to.be.greaterThan(0);
    expect(applied.filter((number) => number === deploymentBlock)).to.have.length.greaterThan(1);
    expect(blocks).to.equal(books.tip!.number - deploymentBlock + 1);
    expect(books.toImage()).to.deep.equal((await rig.followed()).toImage());
    // The chain has changed: nobody has lied.
    expect(sources.map(({ forged }) => forged)).to.deep.equal([0, 0, 0]);
  });

  it("gives up a target by its hash that is taken back", async () => {
    const target = await rig.head();
    const onBlock = reorgAt(0, 2);
    expect((await rig.fault({ target, onBlock })).code).to.equal("RebuildTargetGone");
  });

  it("refuses books that stand on a block of another branch", async () => {
    const { books } = await rig.rebuild();
    await rig.world.send("anvil_reorg", 2, []);
    await rig.world.trade(2);
    const fault = await rig.fault({ from: books });
    expect(fault.code).to.equal("RebuildBaseForeign");
    expect(fault.payload["books"]).to.equal(books.tip!.hash);
  });

  it("names the contract whose storage is not what its events imply, with both roots", async () => {
    const { books } = await rig.rebuild();
    await rig.world.send(
      "hardhat_setStorageAt",
      rig.world.addresses.InsuranceFund,
      `0x${"77".repeat(32)}`,
      `0x${"01".padStart(64, "0")}`,
    );
    await rig.world.mine();
    const fault = await rig.fault();
    expect(fault.code).to.equal("RebuildMismatch");
    const { hash } = await rig.head();
    const roots = await rig.world.roots(hash);
    const differences = fault.payload["differences"] as readonly RootDifference[];
    expect(differences).to.deep.equal([
      { contract: "InsuranceFund", chain: roots[4], books: books.root("InsuranceFund") },
    ]);
  });

  it("counts what a history proves to be wrong with itself", async () => {
    const { addresses, immutables } = rig.world;
    const blind = { ...REDUCERS.PositionLedger, decode: () => null };
    const reducers = { ...REDUCERS, PositionLedger: blind };
    for (const name of ["one", "two", "three"] as const) rig.lie(name, "eth_getProof: error -32601 no proofs here");
    const from = new Books({ addresses, immutables, undoDepth: 1, reducers });
    const { findingCount, findings } = await rig.rebuild({ from });
    expect(findingCount).to.be.greaterThan(findings.length);
    expect(findings).to.have.length(16);
    expect(findings[0]).to.include({ cause: "unreadable", contract: "PositionLedger" });
  });

  it("takes finalized blocks from k operators' tags", async () => {
    const { number } = await rig.head();
    const tagged = (height: number): RuleInput => ({
      method: "eth_getBlockByNumber",
      match: "finalized",
      action: "pin",
      tag: "finalized",
      to: height,
    });
    rig.lie("one", tagged(number - 3));
    rig.lie("two", tagged(number - 6));
    // A liar that calls final what nobody has.
    rig.lie("three", {
      method: "eth_getBlockByNumber",
      match: "finalized",
      action: "edit",
      path: "/number",
      value: "0xffffff",
    });
    const { chain } = rig.options();
    const { block } = await rig.rebuild({ chain: { ...chain, finality: "finalized" } });
    expect(block!.number).to.equal(number - 3);
  });
});
