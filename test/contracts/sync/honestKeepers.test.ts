import { expect } from "chai";
import { network } from "hardhat";

import { ATTACK_NAMES, accuse } from "../../../scripts/histories/accuse.ts";
import { Court, COURT_NETWORK, type Outcome } from "../../../scripts/histories/Court.ts";
import { deployOnAnvil } from "../../../scripts/histories/deployOnAnvil.ts";
import { Draw } from "../../../scripts/histories/Draw.ts";
import { generateHistory } from "../../../scripts/histories/generateHistory.ts";
import { LIE_KINDS } from "../../../scripts/histories/lies.ts";
import { runHistories, SAFE_TERMS, type Tally } from "../../../scripts/histories/runHistories.ts";
import { judgeClaim } from "../../../scripts/histories/Statement.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";

const COUNT = Number(process.env["LOCKSTEP_HISTORIES"] ?? 400);
const SEED = Number(process.env["LOCKSTEP_SEED"] ?? 1);
/** Books change eight blocks after they are announced, though forks live longer. */
const HASTY_TERMS = { ...SAFE_TERMS, lead: 8 };
/** Lies that no header disproves: nobody has it, or it is not known which books they are about. */
const UNASSAILABLE = ["unknownHash", "wrongCount", "wrongVersion"];
const GAS = 10_000_000n;

describe("CheckpointRegistry > random histories", () => {
  const end = new AbortController();
  let node: LocalNode;
  let court: Court;
  let tally: Tally;

  before(async () => {
    node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: end.signal });
    court = await Court.open(await deployOnAnvil(network, node, end.signal));
  });

  after(async () => {
    await node.stop();
  });

  it(`slash no honest keeper, and convict every lie that a header shows, ${COUNT} of seed ${SEED}`, async () => {
    tally = await runHistories(court, { seed: SEED, first: 0, count: COUNT, terms: SAFE_TERMS });
    expect(tally.failures).to.deep.equal([]);
    expect([tally.histories, tally.byKind.get("honest")?.convicted]).to.deep.equal([COUNT, 0]);
  });

  it("have every attack, every lie, and forks with books of their own", function () {
    // Fewer histories than every day's do not have everything.
    if (COUNT < 400) this.skip();
    expect([...tally.byAttack.keys()].sort()).to.deep.equal([...ATTACK_NAMES].sort());
    for (const kind of LIE_KINDS) {
      const { count, convicted } = tally.byKind.get(kind)!;
      expect(count, kind).to.be.greaterThan(0);
      expect(convicted > 0, kind).to.equal(!UNASSAILABLE.includes(kind));
    }
    expect(tally.deadBlocks).to.be.greaterThan(COUNT);
    expect(tally.changes).to.be.greaterThan(COUNT / 2);
    expect(tally.attemptsOnHonest).to.be.greaterThan(40 * COUNT);
  });

  it("are refused for every reason that there is", function () {
    if (COUNT < 400) this.skip();
    const selectors = new Set([...tally.byAttack.values()].flatMap((counts) => [...counts.keys()]));
    const reasons = [...selectors].filter((label) => label !== "convicted").map((error) => court.nameOf(error));
    expect(reasons).to.include.members([
      ...["RegistryAttestationTrue", "RegistryWrongBookSet", "RegistryRootCount", "RegistryRootsMismatch"],
      ...["RegistryNothingToConvict", "StorageProofHeaderMismatch", "TrieProofTraversalError", "no reason"],
      ...["QuorumBadSignature", "QuorumNotSorted", "QuorumBadLength", "QuorumTooFew"],
    ]);
  });

  it("slash an honest keeper when books change sooner than forks can die, which is seen", async () => {
    const { world } = court.forum;
    let first = -1;
    for (let isBetrayed = false; !isBetrayed;) {
      first += 1;
      const { statements, bookSets } = generateHistory(world, court.roster, HASTY_TERMS, new Draw(SEED, first));
      isBetrayed = statements.some(
        (one) => one.kind === "honest" && judgeClaim(one, bookSets).verdict === "falseRoots",
      );
    }
    const { failures } = await runHistories(court, { seed: SEED, first, count: 1, terms: HASTY_TERMS });
    const problems = new Set(failures.map(({ problem, statement }) => `${statement}: ${problem}`));
    expect([...problems]).to.deep.equal(["honest: an honest keeper was slashed"]);
  });
});

describe("CheckpointRegistry > random histories, by transactions", () => {
  let system: Lockstep;
  let court: Court;

  before(async () => {
    system = await deployLockstep(await network.create({ override: COURT_NETWORK }));
    court = await Court.open(system);
  });

  /** Sends a call, tells what came of it, and undoes it. */
  async function send(calldata: string): Promise<Outcome> {
    const { registry, keeperRegistry, admin, ethers } = system;
    const snapshot: unknown = await ethers.provider.send("evm_snapshot", []);
    try {
      const sent = await admin.sendTransaction({ to: registry.target, data: `0x${calldata}`, gasLimit: GAS });
      await sent.wait();
      const slashed = await keeperRegistry.queryFilter(keeperRegistry.filters.KeeperSlashed(), sent.blockNumber!);
      const indices = slashed.map(({ args }) => court.indexOf(args.attester));
      const convicted = indices.reduce((mask, index) => mask | (1n << BigInt(index)), 0n);
      return { isConvicted: true, convicted };
    } catch (error: unknown) {
      const { data } = error as { readonly data?: string };
      return { isConvicted: false, error: data === undefined ? "" : data.slice(0, 10).padEnd(10, "0") };
    } finally {
      await ethers.provider.send("evm_revert", [snapshot]);
    }
  }

  it("come out as in the calls of the harness, sent one by one on the chain", async () => {
    const { admin, ethers } = system;
    const seen = { histories: 0, convicted: 0, refused: 0 };
    for (let index = 0; seen.histories < 2; index += 1) {
      const draw = new Draw(SEED, index);
      const history = generateHistory(court.forum.world, court.roster, SAFE_TERMS, draw);
      const attempts = accuse(court.forum, history, draw);
      if (attempts.filter(({ isRequired }) => isRequired).length < 3) continue;
      seen.histories += 1;
      const all = attempts.map(({ calldata }) => calldata);
      const judged = await court.judge(history, all);
      const chosen = [...all.keys()].filter((at) => at % 5 === 0 || judged[at]!.isConvicted);
      const snapshot: unknown = await ethers.provider.send("evm_snapshot", []);
      for (const { target, data } of court.preparationsOf(history)) await admin.sendTransaction({ to: target, data });
      for (const at of chosen) {
        const outcome = await send(all[at]!);
        expect(outcome, `call ${at} of history ${index}`).to.deep.equal(judged[at]);
        seen[outcome.isConvicted ? "convicted" : "refused"] += 1;
      }
      await ethers.provider.send("evm_revert", [snapshot]);
    }
    expect(seen.convicted).to.be.at.least(6);
    expect(seen.refused).to.be.greaterThan(30);
  });
});
