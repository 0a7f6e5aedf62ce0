import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import { fullCycle } from "../../../scripts/drills/fullCycle.ts";
import {
  FULL_CYCLE_STAGES,
  type FullCycleResult,
  type FullCycleStage,
  type FullCycleStageName,
} from "../../../scripts/drills/fullCycle/FullCycleResult.ts";

/** Blocks that a keeper has to carry something, and those that a round of checkpoints takes, with room for a slow machine. */
const PATIENCE = { softPause: 3, hardPause: 12, inSync: 4, checkpoint: 30, resume: 60 } as const;

const contextWith = (signal: AbortSignal): CommandContext => ({
  ...{ env: {}, stdout: { write: () => true }, stderr: { write: () => true }, isColoured: false },
  ...{ wallNow: Date.now, signal, ended: new Promise(() => undefined) },
});

/** Lets everything that is temporary go into a folder of its own; returns what is left in it, and ends that. */
async function ownFolder(): Promise<{ left(): Promise<string[]>; end(): Promise<void> }> {
  const before = process.env["TMPDIR"];
  const folder = await mkdtemp(join(tmpdir(), "drill-"));
  process.env["TMPDIR"] = folder;
  return {
    // The machine's registry of keys in use stays, empty.
    left: async () => (await readdir(folder, { recursive: true })).filter((name) => !/^lockstep-keys-\d+$/.test(name)),
    end: async () => {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe("full cycle: from a divergence to running again", function () {
  this.timeout(120_000);
  let result: FullCycleResult;
  let tookMs: number;
  let folder: Awaited<ReturnType<typeof ownFolder>>;
  const lines: string[] = [];

  before(async () => {
    folder = await ownFolder();
    const startedAt = performance.now();
    const say = (line: string): unknown => lines.push(line);
    result = await fullCycle(
      { chain: "anvil", seed: 1, say: (line) => void say(line) },
      contextWith(new AbortController().signal),
    );
    tookMs = performance.now() - startedAt;
  });

  after(() => folder.end());

  const stage = (name: FullCycleStageName): FullCycleStage => {
    const found = result.stages.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`${name} was not reached: ${result.trouble ?? "no trouble"}`);
    return found;
  };
  const held = (what: string): string => {
    const found = result.attempts.find((attempt) => attempt.what === what);
    expect(found, what).to.include({ isHarmless: true });
    return found!.outcome;
  };

  it("reaches every stage, within a minute", () => {
    expect(result.trouble).to.equal(null);
    expect(result.stages.map(({ name }) => name)).to.deep.equal(FULL_CYCLE_STAGES);
    for (const { name, ms, block } of result.stages) {
      expect(block, name).to.be.at.least(stage("diverged").block);
      expect(ms, name).to.be.at.least(0);
      expect(lines.some((line) => line.includes(`block ${block}  +${ms} ms  ${name}: `))).to.equal(true);
    }
    expect(tookMs).to.be.below(60_000);
    console.log(`      ${result.stages.map(({ name, block, ms }) => `${name} ${block} +${ms} ms`).join(", ")}`);
  });

  it("finds the write in its own block, and one keeper restricts risk at once (D12)", () => {
    expect(result.blocks.detect).to.equal(0);
    expect(result.blocks.softPause).to.be.within(1, PATIENCE.softPause);
    expect(held("pauses on chain")).to.equal("1 soft, 1 hard, 1 resumed");
  });

  it("halts by a quorum's signatures, and harm is refused (F9)", () => {
    expect(result.blocks.hardPause).to.be.within(result.blocks.softPause!, PATIENCE.hardPause);
    expect(stage("certificate").ms).to.be.within(stage("detected").ms, stage("hard-pause").ms);
    expect(held("signatures that the halt was carried with")).to.match(/^[34] of members$/);
    expect(held("the HALT flag")).to.equal("true");
    expect(held("trade on the corrupted balance")).to.equal("refused (LedgerIncreaseRestricted)");
    expect(held("withdraw the corrupted balance")).to.equal("refused (LedgerWithdrawalRestricted)");
    expect(held("take on new risk while halted")).to.equal("refused (LedgerIncreaseRestricted)");
    expect(held("liquidate while halted")).to.equal("refused (AuctionRestricted)");
  });

  it("leaves evidence that a process without a chain confirms, and that the repair is made from", () => {
    expect(result.evidence).to.equal("confirmed");
    expect(held("a repair by somebody without the role")).to.equal("refused (AccessManagedUnauthorized)");
    const { block } = stage("repair");
    expect(block).to.be.above(stage("hard-pause").block);
    expect(stage("in-sync").block).to.be.within(block, block + PATIENCE.inSync);
    expect(stage("checkpoint").block).to.be.within(block + 2, block + PATIENCE.checkpoint);
  });

  it("refuses to resume three times, each time for another reason (G5, F7)", () => {
    expect(result.refusals).to.have.length(3);
    const [noCheckpoint, coolDown, tooFew] = result.refusals;
    const { block } = stage("repair");
    expect(noCheckpoint).to.match(new RegExp(`^keeper 0: no valid checkpoint of a block after ${block}, `));
    expect(coolDown).to.match(/^SyncGuard: GuardCoolDown /);
    expect(tooFew).to.match(/^SyncGuard: QuorumTooFew .* 2 signatures/);
  });

  it("resumes once three operators have ordered it, carried by a keeper", () => {
    expect(stage("resume").block).to.be.within(stage("checkpoint").block + 1, stage("repair").block + PATIENCE.resume);
    expect(result.blocks.resume).to.equal(stage("resume").block - stage("diverged").block);
    expect(held("who carried the resume")).to.match(/^0x[0-9a-f]{40}$/);
    expect(held("flags after the resume")).to.equal("0");
  });

  it("liquidates nobody in the grace, lets people trade, and liquidates after it (F10)", () => {
    expect(held("liquidate in the grace")).to.equal("AuctionInGrace");
    expect(stage("grace").block).to.be.at.least(stage("resume").block);
    expect(held("take on new risk")).to.equal("accepted");
    expect(stage("trade").block).to.be.above(stage("resume").block);
    expect(held("liquidate after the grace")).to.equal("accepted");
    expect(stage("liquidation").block).to.be.above(stage("grace").block);
  });

  it("has the same books as a keeper that starts from nothing, which finds nothing (G6)", () => {
    expect(result.newcomer).to.equal("InSync");
    expect(held("what the newcomer says")).to.equal("nothing");
    expect(stage("newcomer").block).to.be.above(stage("resume").block);
  });

  it("is contained only then, and leaves nothing behind", async () => {
    expect(result.attempts.filter(({ isHarmless }) => !isHarmless)).to.deep.equal([]);
    expect(result.contained).to.equal(true);
    expect(await folder.left()).to.deep.equal([]);
  });
});

describe("full cycle: told to end", function () {
  this.timeout(60_000);

  it("stops everything in the middle, says so, and is not contained", async () => {
    const folder = await ownFolder();
    const end = new AbortController();
    let seen = 0;
    const say = (line: string): void => {
      if (!line.includes("soft-pause")) return;
      void folder.left().then(({ length }) => {
        seen = length;
        end.abort();
      });
    };
    try {
      const result = await fullCycle({ chain: "anvil", seed: 1, say }, contextWith(end.signal));
      expect(result.contained).to.equal(false);
      expect(result.trouble).to.not.equal(null);
      expect(result.stages.map(({ name }) => name)).to.not.include("repair");
      // Four data directories and the node's scratch, while it ran.
      expect(seen).to.be.at.least(5);
      expect(await folder.left()).to.deep.equal([]);
    } finally {
      await folder.end();
    }
  });
});
