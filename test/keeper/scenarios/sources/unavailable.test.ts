import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import type { Rule } from "../../../../scripts/chaos/Rule.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { NO_BLOCK_RECEIPTS } from "../../../helpers/keeper/sourcesLies.ts";
import { SourcesRig } from "../../../helpers/keeper/sourcesRig.ts";

const MINUTES_MS = 120_000;
/** What the first source may hold up, beside what the same takes without its trouble: less than their deadlines. */
const HEDGED_MS = 3_000;

interface Absence {
  readonly name: string;
  readonly rules: readonly Rule[];
}

const receipts = (action: Pick<Rule, "action"> & object): Rule[] => [
  { method: "eth_getBlockReceipts", ...action } as Rule,
  { method: "eth_getTransactionReceipt", ...action } as Rule,
];

/** Ways of a first source to be of no use, while it announces each head. */
const ABSENCES: readonly Absence[] = [
  { name: "answers after two minutes (B14)", rules: [{ method: "eth_get*", action: "delay", ms: MINUTES_MS }] },
  { name: "swallows what it is asked (B14)", rules: [{ method: "eth_get*", action: "hang" }] },
  { name: "lets its answers trickle (B14)", rules: [{ method: "eth_get*", action: "drip", bytesPerSecond: 20 }] },
  { name: "shows headers and never a proof (B14)", rules: [{ method: "eth_getProof", action: "hang" }] },
  {
    name: "breaks off within an answer (B14)",
    rules: [{ method: "eth_getBlockReceipts", action: "truncate", bytes: 99 }],
  },
  { name: "has no receipts yet, and says [] (B10)", rules: receipts({ action: "empty" }) },
  { name: "has no receipts yet, and says null (B10)", rules: receipts({ action: "null" }) },
  { name: "has no receipts yet, one by one (B10)", rules: [NO_BLOCK_RECEIPTS, ...receipts({ action: "null" })] },
  {
    name: "does not know the block that it announced (B10)",
    rules: [{ method: "eth_get*", action: "error", code: -32_000, message: "unknown block" } as Rule],
  },
];

/** Troubles that all three have at once. */
const TROUBLES: readonly (Absence & { readonly transports: readonly ("http" | "ws")[] })[] = [
  {
    name: "leaves 2 of 10 calls of a batch unanswered (B13)",
    transports: ["ws", "http", "ws"],
    rules: [{ method: "eth_getProof", every: 5, action: "drop" }],
  },
  {
    name: "refuses 2 of 10 calls of a batch with -32005 (B13)",
    transports: ["ws", "ws", "ws"],
    rules: [{ method: "eth_getProof", every: 5, action: "error", code: -32_005, message: "limit exceeded" }],
  },
  {
    name: "answers a batch out of order and each call twice (B13)",
    transports: ["ws", "http", "ws"],
    rules: [
      { method: "eth_getBlockByHash", action: "reorder" },
      { method: "eth_getProof", action: "duplicate" },
    ],
  },
];

describe("sources that are not available", function () {
  this.timeout(60_000);
  let world: LocalWorld;

  before(async () => {
    world = await LocalWorld.open("anvil", 61);
  });

  after(() => world.close());

  describe("one of three", () => {
    let rig: SourcesRig;

    /** Milliseconds of three blocks, each judged before the next. */
    const timeThree = async (): Promise<number> => {
      const startMs = performance.now();
      for (let trade = 0; trade < 3; trade += 1) {
        await world.trade(1);
        await rig.untilInSync();
      }
      return performance.now() - startMs;
    };

    before(async () => {
      rig = await SourcesRig.startThree(world);
    });

    after(() => rig.stop());

    for (const { name, rules } of ABSENCES) {
      it(`keeps nobody waiting when it ${name}`, async () => {
        const usualMs = await timeThree();
        await rig.putLiarFirst();
        const { number } = await rig.head();
        const seen = rig.seen();
        rig.liar.setRules(rules);
        expect(await timeThree()).to.be.lessThan(2 * usualMs + HEDGED_MS);
        expect(seen.said).to.deep.equal(["InSync"]);
        expect(rig.liar.rules.some(({ told }) => told > 0)).to.equal(true);
        await rig.expectRecovery(seen, number);
      });
    }
  });

  it("keeps whoever sets no deadline waiting, while a keeper has judged three blocks by the others (B14)", async () => {
    const rig = await SourcesRig.startThree(world);
    const end = new AbortController();
    try {
      await rig.putLiarFirst();
      const { number } = await rig.head();
      const seen = rig.seen();
      rig.liar.setRules([{ method: "eth_*", action: "hang" }]);
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] });
      const headers = { "content-type": "application/json" };
      const answer = fetch(rig.liar.url, { method: "POST", headers, body, signal: end.signal }).then(
        () => "answered",
        () => "cut off",
      );
      for (let trade = 0; trade < 3; trade += 1) {
        await world.trade(1);
        await rig.untilInSync();
      }
      expect(seen.said).to.deep.equal(["InSync"]);
      expect(await Promise.race([answer, Promise.resolve("waits")])).to.equal("waits");
      end.abort();
      expect(await answer).to.equal("cut off");
      await rig.expectRecovery(seen, number);
    } finally {
      await rig.stop();
    }
  });

  const LIMITED: Rule = { probability: 0.3, action: "status", status: 429, retryAfter: 1 };

  for (const { name, transports, rules } of TROUBLES) {
    it(`judges every block although each of three ${name}`, async () => {
      const rig = await SourcesRig.start(world, { transports });
      try {
        await rig.untilInSync();
        const { number } = await rig.head();
        const seen = rig.seen();
        for (const proxy of rig.proxies) proxy.setRules(rules);
        for (let trade = 0; trade < 3; trade += 1) {
          await world.trade(1);
          await rig.untilInSync();
        }
        expect(rig.proxies.some((proxy) => proxy.rules.every(({ told }) => told > 0))).to.equal(true);
        await rig.expectRecovery(seen, number);
      } finally {
        await rig.stop();
      }
    });
  }

  it("leaves a source alone that is asked too often, and says so, while the others go on (B13)", async () => {
    const rig = await SourcesRig.start(world, { transports: ["http", "ws", "ws"] });
    try {
      await rig.untilInSync();
      const { number } = await rig.head();
      const seen = rig.seen();
      const limitedAt = performance.now();
      rig.liar.setRules([LIMITED]);
      await rig.until("it is limited", () => /SourceRateLimited|limits/.test(rig.source(0).reason));
      for (let trade = 0; trade < 4; trade += 1) {
        await world.trade(1);
        await rig.untilInSync();
      }
      expect(seen.said).to.deep.equal(["InSync"]);
      // Limited is not lying.
      expect(seen.quarantined).to.not.include("operator-1");
      // It says so for a second, and is not asked again meanwhile: what is under way at once is no more than a few.
      const seconds = Math.ceil((performance.now() - limitedAt) / 1_000);
      expect(rig.liar.rules[0]!.told).to.be.lessThan(5 * seconds);
      await rig.expectRecovery(seen, number);
    } finally {
      await rig.stop();
    }
  });

  it("says nothing wrong while each of three refuses half of all, and catches up (B13)", async () => {
    const rig = await SourcesRig.start(world, { transports: ["http", "http", "ws"] });
    try {
      await rig.untilInSync();
      const { number } = await rig.head();
      const seen = rig.seen();
      for (const [index, proxy] of rig.proxies.entries()) {
        proxy.setRules([index === 1 ? { ...LIMITED, probability: 0.5 } : { probability: 0.5, action: "refuse" }]);
      }
      await world.trade(4);
      await wait(1_000);
      await rig.expectRecovery(seen, number);
    } finally {
      await rig.stop();
    }
  });

  it("starts although the first source swallows everything (B14)", async () => {
    const rig = await SourcesRig.start(world, { transports: ["http", "ws", "ws"], rules: [{ action: "hang" }] });
    try {
      await rig.untilInSync();
      expect(rig.source(0).state).to.equal("down");
      rig.liar.clear();
      await rig.untilRecovered();
    } finally {
      await rig.stop();
    }
  });
});
