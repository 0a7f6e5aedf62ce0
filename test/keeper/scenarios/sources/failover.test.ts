import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import type { Effect } from "../../../../keeper/loop/ports.ts";
import type { ChaosRpc } from "../../../../scripts/chaos/ChaosRpc.ts";
import { callNode } from "../../../../scripts/local/callNode.ts";
import { contractInterface } from "../../../../scripts/local/contractInterface.ts";
import { deployLockstep, type LockstepDeployment } from "../../../../scripts/local/deployLockstep.ts";
import { startNode, type LocalNode } from "../../../../scripts/local/startNode.ts";
import { Fork, hashAt } from "../../../helpers/keeper/scenarioFork.ts";
import type { Seen } from "../../../../testing/Seen.ts";
import { ServiceRig } from "../../../helpers/keeper/ServiceRig.ts";
import { SourcesRig } from "../../../helpers/keeper/sourcesRig.ts";

/** So long that everything which would be said has been said. */
const LONG_MS = 1_500;
const FOREIGN_CHAIN = 7_777;

/** All of them through the same operator. */
function ofOne(proxies: readonly ChaosRpc[]): string {
  return proxies.map(({ wsUrl }) => `${wsUrl}|one|anvil`).join(",");
}

describe("sources of which too few are left", function () {
  this.timeout(60_000);
  let fork: Fork;

  before(async () => {
    fork = await Fork.openOriginal(1);
    await fork.truth.send("evm_setAutomine", true);
    // The twin's books hold a word that no event explains.
    await fork.tamper(fork.twin);
    await fork.twin.part(64);
  });

  after(() => fork.close());

  /** Nothing is in sync or signed but what is the chain's: a block from before may still have been on its way. */
  async function expectOnlyTruth(seen: Seen, rig: SourcesRig): Promise<void> {
    const inSync = seen.reports.filter(({ verdict }) => verdict.kind === "InSync");
    const attested = seen.attestations.map(({ blockNumber, blockHash }) => {
      return { number: Number(blockNumber), hash: blockHash };
    });
    await rig.expectCanonical([...inSync, ...attested]);
    expect(inSync.length + attested.length).to.be.at.most(2);
  }

  /** What the pause key signed names a block of the twin's, and the true chain refuses it. */
  async function expectHarmless(seen: Seen): Promise<void> {
    const guard = contractInterface("SyncGuard");
    const pauses = seen.all("sign-transaction").filter(({ key }) => key === "pause");
    for (const { request } of pauses) {
      const [, , number, hash] = guard.decodeFunctionData("softPause", request.data) as unknown as [
        0,
        0,
        bigint,
        string,
      ];
      expect(await hashAt(fork.twin, Number(number))).to.equal(hash);
      expect((await fork.here.send("eth_getBlockByHash", hash, false)) as null).to.equal(null);
    }
    for (const { raw, hash } of seen.all("broadcast").filter(({ purpose }) => purpose.endsWith("pause"))) {
      await fork.here.send("eth_sendRawTransaction", raw).catch(() => undefined);
      const receipt = (await fork.here.send("eth_getTransactionReceipt", hash)) as { status: string } | null;
      expect(Number(receipt?.status ?? 0)).to.equal(0);
    }
    expect(await fork.truth.flags()).to.equal(0n);
  }

  for (const [how, transport] of [
    ["dead", "ws"],
    ["flooded", "http"],
  ] as const) {
    it(`signs nothing and believes nothing while the honest ones are ${how} and the last is poisoned (B2)`, async () => {
      const rig = await SourcesRig.start(fork.truth, { transports: ["ws", transport, transport] });
      try {
        await rig.untilInSync();
        const honest = rig.proxies.slice(1);
        for (const proxy of honest) {
          if (how === "dead") await proxy.goDown();
          else proxy.setRules([{ action: "status", status: 429, retryAfter: 1 }]);
        }
        await rig.until("they are out", () =>
          rig.keeper
            .sources()
            .slice(1)
            .every(({ state }) => state !== "up"),
        );
        const seen = rig.seen();
        await rig.liar.setUpstream(fork.twin.node.url);
        await rig.until("it is heard", () => seen.said.includes("Diverged"));
        await wait(LONG_MS);
        await expectOnlyTruth(seen, rig);
        await rig.liar.setUpstream(fork.here.node.url);
        for (const proxy of honest) {
          proxy.clear();
          await proxy.comeBack();
        }
        await rig.untilRecovered();
        const last = rig.effects.findLast((effect: Effect) => effect.type === "incident");
        expect(last).to.have.nested.property("report.state", "orphaned");
        await expectHarmless(seen);
        expect(rig.keeper.books.roots()).to.deep.equal(await fork.truth.roots(rig.keeper.books.tip!.hash));
      } finally {
        await rig.stop();
      }
    });
  }

  it("takes three URLs of one operator for one, whatever they agree on (B23)", async () => {
    const transports = ["ws", "ws", "ws", "ws"] as const;
    const flags = (proxies: readonly ChaosRpc[]): Record<string, string> => ({
      sources: [ofOne(proxies.slice(0, 3)), `${proxies[3]!.wsUrl}|two|anvil`].join(","),
    });
    const rig = await SourcesRig.start(fork.truth, { transports, flags });
    try {
      await rig.untilInSync();
      expect(rig.effects.findLast((effect: Effect) => effect.type === "block")).to.have.nested.property(
        "report.quorum",
        2,
      );
      const seen = rig.seen();
      await Promise.all(rig.proxies.slice(0, 3).map((proxy) => proxy.setUpstream(fork.twin.node.url)));
      await rig.until("the liars are heard", () =>
        seen.effects.some(({ type }) => type === "block" || type === "alert"),
      );
      await wait(LONG_MS);
      await expectOnlyTruth(seen, rig);
      await Promise.all(rig.proxies.slice(0, 3).map((proxy) => proxy.setUpstream(fork.here.node.url)));
      await rig.untilRecovered();
      await expectHarmless(seen);
    } finally {
      await rig.stop();
    }
  });

  describe("of a single operator on a chain that is not local (B23)", () => {
    let node: LocalNode;
    let deployment: LockstepDeployment;

    before(async () => {
      node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
      const deployed = await deployLockstep({ url: node.url, module: "Lockstep" });
      await callNode(node.url, "anvil_setChainId", [FOREIGN_CHAIN]);
      deployment = { ...deployed, chainId: FOREIGN_CHAIN };
    });

    after(() => node.stop());

    for (const [flags, said] of [
      [{}, "Unknown(no-quorum)"],
      [{ singleSource: "true" }, "InSync"],
    ] as const) {
      it(`says ${said} with ${JSON.stringify(flags)}, and signs nothing`, async () => {
        const sources = [node.wsUrl, node.url, `${node.url}/`];
        const named = sources
          .slice(0, 2)
          .map((url) => `${url}|one|anvil`)
          .join(",");
        const rig = await ServiceRig.start({
          ...{ sources, deployment, checkpointIntervalSeconds: 1 },
          flags: { sources: named, profile: "local", ...flags },
        });
        try {
          const isSaid = (): boolean =>
            rig.all("block").some(({ report }) => report.verdict.kind === said.split("(")[0]);
          await rig.until(said, isSaid);
          await callNode(node.url, "evm_mine");
          await wait(LONG_MS);
          const verdicts = rig.all("block").map(({ report: { verdict } }) => verdict);
          expect(verdicts.filter(({ kind }) => kind !== said.split("(")[0])).to.deep.equal([]);
          expect(verdicts.some((verdict) => verdict.kind === "InSync" && verdict.isWitnessed)).to.equal(false);
          expect(rig.effects.filter(({ type }) => type.startsWith("sign-"))).to.deep.equal([]);
        } finally {
          await rig.stop();
        }
      });
    }
  });
});
