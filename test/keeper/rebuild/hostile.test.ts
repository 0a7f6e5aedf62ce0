import { expect } from "chai";

import type { Books } from "../../../keeper/books/Books.ts";
import { encodeHeader } from "../../../keeper/chain/verify/header.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { RebuildOptions } from "../../../keeper/rebuild/RebuildOptions.ts";
import type { SourceTally } from "../../../keeper/rebuild/Tally.ts";
import type { RuleInput } from "../../../scripts/chaos/ChaosRpc.ts";
import { RebuildRig, type SourceName } from "./RebuildRig.ts";

type Block = Readonly<Record<string, unknown>> & { readonly hash: Hash };

/** What a source can do other than to answer truly, and how that is told of it. */
interface Lie {
  readonly rules: readonly RuleInput[];
  readonly trouble: RegExp;
  readonly isForged: boolean;
}

const LIES: Readonly<Record<string, Lie>> = {
  "drops a log": {
    rules: ["eth_getBlockReceipts: remove /0/logs/0"],
    trouble: /the receipts' root is 0x/,
    isForged: true,
  },
  "edits a log": {
    rules: ["eth_getBlockReceipts: xor /0/logs/0/data 31"],
    trouble: /the receipts' root is 0x/,
    isForged: true,
  },
  "edits a receipt": {
    rules: [`eth_getBlockReceipts: edit /0/cumulativeGasUsed "0x5208"`],
    trouble: /the receipts' root is 0x/,
    isForged: true,
  },
  "has no receipts at all": {
    rules: ["eth_getBlockReceipts: empty"],
    trouble: /the receipts' root is 0x/,
    isForged: true,
  },
  "edits a header": {
    rules: [`eth_getBlockByNumber[/0x[1-9]/]: edit /logsBloom "0x${"00".repeat(256)}"`],
    trouble: /the header hashes to 0x/,
    isForged: true,
  },
  "answers null for blocks": {
    rules: ["eth_getBlockByNumber: null"],
    trouble: /does not have block \d+/,
    isForged: false,
  },
  "answers null for receipts": {
    rules: ["eth_getBlockReceipts: null"],
    trouble: /does not have the receipts of block \d+/,
    isForged: false,
  },
  hangs: {
    rules: ["* after=3: hang"],
    trouble: /no answer in \d+ ms, when another had one|no answer within/,
    isForged: false,
  },
  "hangs over receipts": {
    rules: ["eth_getBlockReceipts: hang"],
    trouble: /no answer in \d+ ms, when another had one|no answer within/,
    isForged: false,
  },
  "breaks off in the middle of an answer": { rules: ["*: truncate 300"], trouble: /./, isForged: false },
  "resets connections": { rules: ["* after=2: refuse"], trouble: /./, isForged: false },
  "is asked too often": { rules: ["* after=2: status 429 retry-after=1"], trouble: /429|too often/, isForged: false },
  "answers something else": { rules: [`* after=2: replace {"a":[1]}`], trouble: /./, isForged: true },
};

describe("a rebuild among hostile sources", function () {
  this.timeout(120_000);
  let rig: RebuildRig;
  let followed: Books;
  let deploymentBlock: number;
  let branch: ReadonlyMap<string, Block>;

  before(async () => {
    rig = await RebuildRig.open("anvil", 31);
    await rig.world.trade(30);
    followed = await rig.followed();
    ({ deploymentBlock } = rig.world.market.chain.deployment);
    branch = await inventBranch(deploymentBlock + 10);
  });

  afterEach(() => rig.clear());
  after(() => rig.close());

  /** Headers of another chain, each on top of the one below, from a height to the head, without any log of ours. */
  async function inventBranch(from: number): Promise<Map<string, Block>> {
    const blocks = new Map<string, Block>();
    let parentHash: unknown = followed.hashAt(from - 1);
    for (let number = from; number <= followed.tip!.number; number += 1) {
      const tag = `0x${number.toString(16)}`;
      const block = (await rig.world.send("eth_getBlockByNumber", tag, false)) as Block;
      const altered = { ...block, parentHash, extraData: "0xbad0", logsBloom: `0x${"00".repeat(256)}` };
      const { hash } = encodeHeader(altered);
      blocks.set(tag, { ...altered, hash });
      parentHash = hash;
    }
    return blocks;
  }

  /** Serves the other chain, to its end or up to a height. */
  function otherBranch(upTo = Infinity): RuleInput {
    const change = (result: unknown, [tag]: readonly unknown[]): unknown => {
      const at = String(tag).startsWith("0x") ? String(tag) : `0x${followed.tip!.number.toString(16)}`;
      return Number(at) <= upTo ? (branch.get(at) ?? result) : result;
    };
    return { method: "eth_getBlockByNumber", action: "replace", change };
  }

  async function expectRight(chosen: Partial<RebuildOptions> = {}): Promise<readonly SourceTally[]> {
    const { books, roots, sources, restarts } = await rig.rebuild(chosen);
    expect(restarts).to.equal(0);
    expect(books.toImage()).to.deep.equal(followed.toImage());
    expect(roots.kind).to.equal("proven");
    return sources;
  }

  for (const [what, { rules, trouble, isForged }] of Object.entries(LIES)) {
    it(`names a source that ${what}, and is right nevertheless`, async () => {
      rig.lie("one", ...rules);
      const [one, ...others] = await expectRight();
      expect(one!.trouble).to.match(trouble);
      expect(one![isForged ? "forged" : "missed"]).to.be.greaterThan(0);
      if (!isForged) expect(one!.forged).to.equal(0);
      expect(others.map(({ forged }) => forged)).to.deep.equal([0, 0]);
    });
  }

  for (const [what, upTo] of [
    ["to its end", () => Infinity],
    ["for a while", () => deploymentBlock + 20],
  ] as const) {
    it(`names a source that serves another branch ${what}`, async () => {
      rig.lie("one", otherBranch(upTo()));
      const [one, ...others] = await expectRight();
      expect(one!.trouble).to.match(/block \d+ is 0x[0-9a-f]{64} on the branch of k operators, not 0x/);
      expect(one!.forged).to.be.greaterThan(0);
      expect(others.map(({ forged }) => forged)).to.deep.equal([0, 0]);
    });
  }

  it("is right when each source lies now and then", async () => {
    const names: readonly SourceName[] = ["one", "two", "three"];
    for (const name of names) {
      rig.lie(name, "eth_getBlockReceipts every=4: remove /0/logs/0", "eth_getBlockReceipts every=5: null");
    }
    const sources = await expectRight({ patienceMs: 20_000 });
    for (const { forged } of sources) expect(forged).to.be.greaterThan(0);
  });

  it("ends with everybody's name when nobody serves the receipts", async () => {
    for (const name of ["one", "two", "three"] as const) rig.lie(name, "eth_getBlockReceipts: remove /0/logs/0");
    const fault = await rig.fault();
    expect(fault.code).to.equal("RebuildStalled");
    expect(fault.payload["what"]).to.match(/^the receipts of block \d+$/);
    const sources = fault.payload["sources"] as readonly SourceTally[];
    expect(sources.filter(({ forged }) => forged > 0).map(({ id }) => id)).to.deep.equal(["one", "two", "three"]);
  });

  it("ends without a result when two of three hang", async () => {
    for (const name of ["one", "two"] as const) rig.lie(name, "*: hang");
    expect((await rig.fault({ patienceMs: 500 })).code).to.equal("NoAgreement");
  });

  it("ends without a result when two of three are gone on the way", async () => {
    for (const name of ["one", "two"] as const) rig.lie(name, "* after=6: refuse");
    const fault = await rig.fault({ segmentBlocks: 8, patienceMs: 500 });
    expect(fault.code).to.be.oneOf(["NoAgreement", "RebuildStalled"]);
  });

  it("ends without a result when every operator serves a chain of its own", async () => {
    rig.lie("one", otherBranch());
    rig.lie("two", { method: "eth_getBlockByNumber", action: "edit", path: "/extraData", value: "0x02" });
    expect((await rig.fault({ patienceMs: 500 })).code).to.equal("NoAgreement");
  });

  describe("broken twin", () => {
    it("that does not link headers does not get past a source that serves another branch", async () => {
      rig.lie("one", otherBranch(deploymentBlock + 20));
      const linkHeaders = (): null => null;
      let isRight = true;
      try {
        await expectRight({ replacements: { linkHeaders } });
      } catch {
        isRight = false;
      }
      expect(isRight).to.equal(false);
    });
  });
});
