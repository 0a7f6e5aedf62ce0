import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { POLICY_DEFAULTS } from "../../../keeper/domain/policy.ts";
import { profileOf } from "../../../keeper/domain/chainProfile.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import type { Keeper } from "../../../keeper/loop/Keeper.ts";
import { startKeeper } from "../../../keeper/startKeeper.ts";
import type { Logger } from "../../../keeper/telemetry/log.ts";
import { RebuildRig } from "./RebuildRig.ts";

const ignore = (): void => undefined;

describe("a keeper that is far behind when it starts", function () {
  this.timeout(120_000);
  let rig: RebuildRig;
  let directory: string;
  let events: string[];

  before(async () => {
    rig = await RebuildRig.open("anvil", 43);
    await rig.world.trade(8);
    directory = mkdtempSync(join(tmpdir(), "lockstep-catch-up-"));
  });

  beforeEach(() => {
    events = [];
  });

  afterEach(() => rig.clear());

  after(async () => {
    await rig.close();
    rmSync(directory, { recursive: true });
  });

  async function start(data: string, catchUpBlocks: number): Promise<Keeper> {
    const note = (event: string): void => void events.push(event);
    const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
    const { sources, chainId, addresses, immutables, deploymentBlock } = rig.options();
    const options: KeeperOptions = {
      ...{ chainId, addresses, immutables, deploymentBlock, signedRoots: new Map() },
      sources: sources.map(({ id, operator }) => ({ id, operator })),
      chain: { ...profileOf(chainId), confirmations: 0 },
      policy: {
        mode: "watch",
        isLocalChain: true,
        allowSingleSource: false,
        checkpointIntervalSeconds: 300,
        ...POLICY_DEFAULTS,
      },
      ...{ pauser: null, attester: null, poster: null, proofDepth: 64, requestDeadlineMs: 1_000, hedgeMs: 60 },
      maxFeePerGas: 1n,
    };
    const genesis = (await rig.world.send("eth_getBlockByNumber", "0x0", false)) as { readonly hash: `0x${string}` };
    const { keeper } = await startKeeper({
      config: {
        dataDirectory: join(directory, data),
        ...{ snapshotIntervalSeconds: 600, record: undefined, requestDeadlineMs: 1_000 },
      },
      ...{ options, genesisHash: genesis.hash, sources, status: { kept: ignore }, log },
      ...{ signal: new AbortController().signal, now: () => performance.now(), catchUpBlocks },
    });
    return keeper;
  }

  it("is rebuilt first, and begins at the newest final block", async () => {
    const keeper = await start("far", 16);
    expect(events).to.include("rebuilt").and.include("snapshot-proven");
    expect(keeper.books.toImage()).to.deep.equal((await rig.followed()).toImage());
  });

  it("is rebuilt from its snapshot on where there is one, and keeps that when it is near", async () => {
    await start("again", 16);
    await rig.world.trade(4);
    events = [];
    expect((await start("again", 64)).books.tip?.number).to.be.lessThan((await rig.head()).number);
    expect(events).to.not.include("rebuilt");
    expect((await start("again", 2)).books.toImage()).to.deep.equal((await rig.followed()).toImage());
    expect(events).to.include("rebuilt");
  });

  it("leaves a short way to the core", async () => {
    expect((await start("near", 10_000)).books.tip).to.equal(null);
    expect(events).to.include("starts-from-deployment");
  });

  it("begins at the deployment when the chain holds what no event implies: the core is to find it", async () => {
    const slot = `0x${"77".repeat(32)}`;
    await rig.world.send("hardhat_setStorageAt", rig.world.addresses.SyncGuard, slot, `0x${"1".padStart(64, "0")}`);
    await rig.world.mine();
    expect((await start("tampered", 16)).books.tip).to.equal(null);
    expect(events).to.include("rebuild-failed");
  });
});
