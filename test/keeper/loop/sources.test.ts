import { expect } from "chai";

import type { Effect } from "../../../keeper/loop/ports.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import type { Action, Rule } from "../../../scripts/chaos/Rule.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { ServiceRig } from "../../helpers/keeper/ServiceRig.ts";

type Json = Record<string, unknown>;

/** One way of being a bad source. */
interface Fault {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** What the keeper says about it; "nothing" where it only waits. */
  readonly says: "Unknown" | "quarantine" | "nothing";
  /** Concerns how answers come, and is tried over WebSocket as well. */
  readonly isOfTransport?: true;
  /** What it is wrong about it also says rightly: a header comes with the question for the final block, too. */
  readonly isToldTwice?: true;
}

const WRONG = `0x${"5a".repeat(32)}`;

function replace(method: string, change: (result: unknown) => unknown): Rule {
  return { method, action: "replace", change };
}

/** The nodes of an account proof with one byte of the leaf's storage root changed. */
function editLast({ accountProof, storageHash }: Json): string[] {
  const nodes = accountProof as string[];
  const root = (storageHash as string).slice(2);
  return nodes.with(-1, nodes.at(-1)!.replace(root, `ff${root.slice(2)}`));
}

/** Changes every log-bearing receipt, whether they come by block or one by one. */
function inReceipts(change: (receipt: Json) => Json): Rule[] {
  return [
    replace("eth_getBlockReceipts", (receipts) => (receipts as Json[]).map(change)),
    replace("eth_getTransactionReceipt", (receipt) => (receipt === null ? null : change(receipt as Json))),
  ];
}

const NO_HEADS: Rule = { method: "eth_subscription", action: "drop" };

const everything = (action: Action): Rule[] => [NO_HEADS, { method: "*", ...action }];

const FAULTS: readonly Fault[] = [
  { name: "stops answering (B14)", rules: everything({ action: "hang" }), says: "Unknown", isOfTransport: true },
  { name: "drops every answer", rules: everything({ action: "drop" }), says: "Unknown" },
  {
    name: "answers late (B14)",
    rules: [{ method: "*", action: "delay", ms: 400 }],
    says: "nothing",
    isOfTransport: true,
  },
  {
    name: "serves an older block (B11)",
    rules: [{ method: "eth_getBlockByNumber", action: "stale", blocks: 3 }, NO_HEADS],
    says: "nothing",
    isOfTransport: true,
  },
  {
    name: "claims another storage root than it proves (B3)",
    rules: [{ method: "eth_getProof", action: "edit", path: "/storageHash", value: WRONG }],
    says: "nothing",
  },
  {
    name: "edits a storage root in its proof (B3)",
    rules: [replace("eth_getProof", (proof) => ({ ...(proof as Json), accountProof: editLast(proof as Json) }))],
    says: "quarantine",
  },
  {
    name: "proves another account (B6)",
    rules: [{ method: "eth_getProof", action: "edit", path: "/accountProof", value: ["0xc0"] }],
    says: "quarantine",
  },
  {
    name: "drops a log (B8)",
    rules: inReceipts((receipt) => ({ ...receipt, logs: (receipt["logs"] as unknown[]).slice(1) })),
    says: "quarantine",
  },
  {
    name: "edits a log",
    rules: inReceipts((receipt) => ({
      ...receipt,
      logs: (receipt["logs"] as Json[]).map((log) => ({ ...log, data: WRONG })),
    })),
    says: "quarantine",
  },
  {
    name: "edits the header",
    rules: [{ method: "eth_getBlockByHash", action: "edit", path: "/stateRoot", value: WRONG }],
    says: "quarantine",
    isToldTwice: true,
  },
  {
    name: "answers nothing for a block that it lacks (B10)",
    rules: [
      { method: "eth_getBlockReceipts", action: "empty" },
      { method: "eth_getTransactionReceipt", action: "empty" },
    ],
    says: "quarantine",
  },
  {
    name: "answers null",
    rules: [{ method: "eth_getBlockByHash", action: "null" }],
    says: "Unknown",
    isToldTwice: true,
  },
  {
    name: "answers something else (B22)",
    rules: [{ method: "eth_getBlockByHash", action: "replace", result: [5, "0x", {}] }],
    says: "quarantine",
    isToldTwice: true,
  },
  {
    name: "cannot prove (B20)",
    rules: [{ method: "eth_getProof", action: "error", code: -32_000, message: "missing trie node" }],
    says: "Unknown",
  },
  {
    name: "limits the rate (B13)",
    rules: [{ method: "eth_getBlockByHash", action: "error", code: -32_005, message: "limit" }],
    says: "Unknown",
  },
];

/** Effects by which a keeper says that it cannot know. */
function saysUnknown(effect: Effect): boolean {
  return effect.type === "unknown" || (effect.type === "block" && effect.report.verdict.kind === "Unknown");
}

describe("Keeper and bad sources", function () {
  this.timeout(60_000);
  let world: LocalWorld;

  before(async () => {
    world = await LocalWorld.open("anvil", 7);
  });

  after(() => world.close());

  async function height(): Promise<number> {
    return Number(await world.send("eth_blockNumber"));
  }

  async function expectNoPause(rig: ServiceRig): Promise<void> {
    expect(rig.all("block").filter(({ report }) => !["InSync", "Unknown"].includes(report.verdict.kind))).to.deep.equal(
      [],
    );
    expect(rig.all("incident")).to.deep.equal([]);
    expect(rig.all("broadcast").filter(({ purpose }) => purpose !== "checkpoint")).to.deep.equal([]);
    expect(await world.flags()).to.equal(0n);
  }

  for (const transport of ["http", "ws"] as const) {
    describe(`one source over ${transport}`, () => {
      let proxy: ChaosRpc;
      let rig: ServiceRig;

      before(async () => {
        proxy = await ChaosRpc.start({ upstreams: [world.node.url] });
        const { deployment } = world.market.chain;
        const url = transport === "http" ? proxy.url : proxy.wsUrl;
        rig = await ServiceRig.start({ sources: [url], deployment, checkpointIntervalSeconds: 3_600 });
        await rig.untilInSync(await height());
      });

      after(async () => {
        await rig.stop();
        await proxy.close();
      });

      for (const fault of FAULTS.filter(({ isOfTransport }) => transport === "http" || isOfTransport === true)) {
        it(`never pauses for one that ${fault.name}, and recovers`, async () => {
          const before = await height();
          const from = rig.effects.length;
          proxy.setRules(fault.rules);
          await world.trade(2);
          if (fault.says === "Unknown") await rig.until("Unknown", () => rig.effects.slice(from).some(saysUnknown));
          if (fault.says === "quarantine") {
            await rig.until("quarantine", () => rig.effects.slice(from).some(({ type }) => type === "quarantine"));
          }
          const during = rig.effects.slice(from);
          if (fault.says !== "nothing") {
            const claimed = during.filter(({ type, ...rest }) => type === "block" && "report" in rest);
            const isClaimed = claimed.some((effect) => {
              return (
                effect.type === "block" && effect.report.verdict.kind === "InSync" && effect.report.number > before
              );
            });
            if (fault.isToldTwice !== true) expect(isClaimed).to.equal(false);
            expect(during.filter(({ type }) => type.startsWith("sign-"))).to.deep.equal([]);
          }
          proxy.clear();
          await world.mine();
          await rig.untilInSync(await height());
          await expectNoPause(rig);
        });
      }
    });
  }

  describe("P1: one of three that lies", () => {
    let proxy: ChaosRpc;
    let honest: ChaosRpc;
    let rig: ServiceRig;

    before(async () => {
      proxy = await ChaosRpc.start({ upstreams: [world.node.url] });
      honest = await ChaosRpc.start({ upstreams: [world.node.url] });
      const sources = [proxy.wsUrl, honest.wsUrl, world.node.wsUrl];
      const { deployment } = world.market.chain;
      rig = await ServiceRig.start({ sources, deployment, checkpointIntervalSeconds: 1 });
      await rig.untilInSync(await height());
    });

    after(async () => {
      await rig.stop();
      await proxy.close();
      await honest.close();
    });

    for (const fault of FAULTS) {
      it(`is outvoted when it ${fault.name}: InSync, witnessed, and signed for nothing else (P1)`, async () => {
        const from = rig.effects.length;
        proxy.setRules(fault.rules);
        await world.trade(2);
        await rig.untilInSync(await height());
        proxy.clear();
        const during = rig.effects.slice(from);
        const verdicts = during.flatMap((effect) => (effect.type === "block" ? [effect.report.verdict] : []));
        expect(verdicts.filter(({ kind }) => kind === "Diverged" || kind === "OwnFault")).to.deep.equal([]);
        const inSync = verdicts.filter(({ kind }) => kind === "InSync");
        expect(inSync.every((verdict) => verdict.kind === "InSync" && verdict.isWitnessed)).to.equal(true);
        await expectNoPause(rig);
      });
    }
  });

  it("says Unknown and signs nothing with one of three sources left (B2, P1)", async () => {
    const dead = [
      await ChaosRpc.start({ upstreams: [world.node.url] }),
      await ChaosRpc.start({ upstreams: [world.node.url] }),
    ];
    const sources = [...dead.map(({ wsUrl }) => wsUrl), world.node.wsUrl];
    const { deployment } = world.market.chain;
    const rig = await ServiceRig.start({ sources, deployment, checkpointIntervalSeconds: 1 });
    try {
      await rig.untilInSync(await height());
      for (const proxy of dead) await proxy.close();
      const from = rig.effects.length;
      await world.trade(1);
      await world.mine();
      const block = await height();
      const isUnknown = (effect: Effect): boolean => {
        if (effect.type !== "block" || effect.report.verdict.kind !== "Unknown") return false;
        return effect.report.number >= block && effect.report.verdict.reason === "no-quorum";
      };
      await rig.until("no quorum", () => rig.effects.slice(from).some(isUnknown));
      const after = rig.effects.slice(rig.effects.findIndex(isUnknown));
      expect(after.filter(({ type }) => type.startsWith("sign-"))).to.deep.equal([]);
      const claims = rig
        .all("block")
        .filter(({ report }) => report.number >= block && report.verdict.kind === "InSync");
      expect(claims).to.deep.equal([]);
      await expectNoPause(rig);
    } finally {
      await rig.stop();
      for (const proxy of dead) await proxy.close().catch(() => undefined);
    }
  });
});
