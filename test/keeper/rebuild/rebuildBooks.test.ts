import { expect } from "chai";

import type { Books } from "../../../keeper/books/Books.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import type { RebuildProgress } from "../../../keeper/rebuild/Pace.ts";
import { RebuildRig } from "./RebuildRig.ts";

/** Empty blocks between two bursts of trade. */
const QUIET_BLOCKS = 40;

for (const chain of ["anvil", "hardhat"] as const) {
  describe(`rebuildBooks on ${chain}`, function () {
    this.timeout(120_000);
    let rig: RebuildRig;
    let followed: Books;

    before(async () => {
      rig = await RebuildRig.open(chain, 29);
      await rig.world.trade(12);
      await rig.world.mine(QUIET_BLOCKS);
      await rig.world.trade(12);
      followed = await rig.followed();
    });

    afterEach(() => rig.clear());
    after(() => rig.close());

    it("gives the books of a keeper that followed live, byte for byte, and proves them", async () => {
      const steps: RebuildProgress[] = [];
      const rebuilt = await rig.rebuild({ onProgress: (progress) => steps.push(progress) });
      expect(rebuilt.block).to.deep.equal(await rig.head());
      expect(rebuilt.books.toImage()).to.deep.equal(followed.toImage());
      expect(rebuilt.roots).to.deep.equal({ kind: "proven" });
      const { deploymentBlock } = rig.world.market.chain.deployment;
      expect(rebuilt).to.include({ blocks: followed.tip!.number - deploymentBlock + 1, findingCount: 0, restarts: 0 });
      expect(rebuilt.sources.map(({ id, forged }) => [id, forged])).to.deep.equal([
        ...[
          ["one", 0],
          ["two", 0],
          ["three", 0],
        ],
      ]);
      const { block, target, events, secondsLeft } = steps.at(-1)!;
      expect({ block, target, events, secondsLeft }).to.deep.equal({
        ...{ block: followed.tip!.number, target: followed.tip!.number },
        ...{ events: rebuilt.events, secondsLeft: 0 },
      });
    });

    // Hardhat's node takes no hash for the receipts of a block: they are asked for one by one.
    if (chain === "anvil") {
      it("asks for receipts only where the bloom may concern the books", async () => {
        for (const proxy of Object.values(rig.proxies)) proxy.calls.clear();
        let concerned = 0;
        const { blocks } = await rig.rebuild({ onBlock: ({ logs }) => (concerned += Number(logs.length > 0)) });
        const asked = Object.values(rig.proxies).map(({ calls }) => calls.get("eth_getBlockReceipts") ?? 0);
        const sum = asked.reduce((one, other) => one + other);
        expect(sum).to.be.within(concerned, blocks - QUIET_BLOCKS);
        expect(concerned).to.be.greaterThan(12);
        expect(Math.min(...asked)).to.be.greaterThan(0);
      });
    }

    it("stops at a block on the way, and goes on from there to the same books", async () => {
      const middle = followed.tip!.number - 20;
      const target = { number: middle, hash: followed.hashAt(middle)! };
      const half = await rig.rebuild({ target });
      expect(half.block).to.deep.equal(target);
      const whole = await rig.rebuild({ from: half.books });
      expect(whole.books).to.equal(half.books);
      expect(whole.blocks).to.equal(20);
      expect(whole.books.toImage()).to.deep.equal(followed.toImage());
    });

    it("leaves books alone that stand at the target", async () => {
      const { books } = await rig.rebuild();
      const again = await rig.rebuild({ from: books });
      expect(again).to.include({ books, blocks: 0, events: 0 });
      expect(again.block).to.deep.equal(await rig.head());
      expect(again.roots.kind).to.equal("proven");
    });

    it("does nothing for fewer blocks than are worth it", async () => {
      const { chain: profile } = rig.options();
      const { deploymentBlock } = rig.world.market.chain.deployment;
      const count = followed.tip!.number - deploymentBlock + 1;
      const none = await rig.rebuild({ chain: profile, minBlocks: count + 1 });
      expect(none).to.deep.include({ block: null, blocks: 0 });
      expect((await rig.rebuild({ chain: profile, minBlocks: count })).blocks).to.equal(count);
    });

    it("has no block where none is final yet", async () => {
      const { chain: profile } = rig.options();
      const rebuilt = await rig.rebuild({ chain: { ...profile, confirmations: 8_000 } });
      expect(rebuilt).to.deep.include({ block: null, blocks: 0, events: 0 });
      expect(rebuilt.books.tip).to.equal(null);
    });

    it("holds so many blocks back as confirmations are wanted", async () => {
      const { chain: profile } = rig.options();
      const { block } = await rig.rebuild({ chain: { ...profile, confirmations: 7 } });
      expect(block!.number).to.equal(followed.tip!.number - 7);
    });

    it("says that the roots are unproven when nobody proves them", async () => {
      for (const name of ["one", "two", "three"] as const) rig.lie(name, "eth_getProof: error -32601 no proofs here");
      const { roots, books } = await rig.rebuild();
      expect(roots).to.deep.include({ kind: "unproven", contracts: BOOK_NAMES });
      expect(books.toImage()).to.deep.equal(followed.toImage());
    });

    it("asks for receipts one by one where a node has no call for those of a block", async () => {
      for (const name of ["one", "two", "three"] as const) rig.lie(name, "eth_getBlockReceipts: error -32601 what?");
      const { books, sources } = await rig.rebuild();
      expect(books.toImage()).to.deep.equal(followed.toImage());
      expect(sources.map(({ forged }) => forged)).to.deep.equal([0, 0, 0]);
    });

    it("ends within a second when it is told to, and says how far it got", async () => {
      // Somebody hangs as well: nobody is waited for.
      rig.lie("two", "* after=4: hang");
      const end = new AbortController();
      let abortedAtMs = 0;
      const onBlock = ({ number }: { readonly number: number }): void => {
        if (number !== 30) return;
        abortedAtMs = performance.now();
        end.abort();
      };
      const fault = await rig.fault({ signal: end.signal, onBlock });
      expect(performance.now() - abortedAtMs).to.be.lessThan(1_000);
      expect(fault.code).to.equal("RebuildCancelled");
      expect(fault.payload["target"]).to.equal(followed.tip!.number);
      expect(fault.payload["block"]).to.be.within(30, followed.tip!.number);
    });

    it("does nothing when it was told to end before", async () => {
      const fault = await rig.fault({ signal: AbortSignal.abort() });
      expect(fault.code).to.equal("RebuildCancelled");
      expect(fault.payload).to.deep.equal({ block: null, target: null });
    });

    it("refuses a single operator, unless that is wanted", async () => {
      expect((await rig.fault({}, ["one"])).code).to.equal("ReaderUnwitnessed");
      const { books } = await rig.rebuild({ allowUnwitnessed: true }, ["one"]);
      expect(books.toImage()).to.deep.equal(followed.toImage());
    });

    it("refuses a target that k operators do not have, or that lies below the books", async () => {
      const { number } = followed.tip!;
      const invented = { number, hash: `0x${"ab".repeat(32)}` } as const;
      expect((await rig.fault({ target: invented })).code).to.equal("RebuildTargetGone");
      const below = { number: number - 5, hash: followed.hashAt(number - 5)! };
      const { books } = await rig.rebuild();
      expect((await rig.fault({ from: books, target: below })).code).to.equal("RebuildTargetGone");
    });

    it("refuses a chain without the pinned block", async () => {
      const { chain: profile } = rig.options();
      const pin = { number: 3, hash: `0x${"cd".repeat(32)}` } as const;
      expect((await rig.fault({ chain: { ...profile, pin } })).code).to.equal("NoAgreement");
    });
  });
}
