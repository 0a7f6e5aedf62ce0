import { expect } from "chai";
import { network } from "hardhat";

import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { attesterAt, CLASS, DAY, deployKeepers, pauserAt, STATUS, TERMS, type Terms } from "./deployKeepers.ts";
import { KeeperHistory, STEPS, type HostileSystem } from "./KeeperHistory.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const SEEDS = (process.env["LOCKSTEP_SEEDS"] ?? "1,2,3").split(",").map(Number);
const COUNT = Number(process.env["LOCKSTEP_STEPS"] ?? 700);
/** Operations between two comparisons of everything. */
const PERIOD = 50;
const HOSTILE = ["FalseToken", "GreedyToken", "FeeToken"] as const;
/** An odd bond, so that shares are rounded, and times that the history gets past. */
const HISTORY_TERMS: Terms = { ...TERMS, bond: 1_000_000_007n, joinDelay: DAY, unbonding: 4 * DAY };

/** Compares every word of the registry with the model, and its tokens with what it owes. */
async function checkState(system: HostileSystem, { model, people, known }: KeeperHistory): Promise<void> {
  const { keeperRegistry, bondToken, probe } = system;
  const { members, size, quorum, setId, commitment, burnable } = model;
  expect(await keeperRegistry.members(), "members").to.deep.equal(members);
  const numbers = [await keeperRegistry.size(), await keeperRegistry.count(), await keeperRegistry.setId()];
  expect(numbers.map(Number), "size, count, set").to.deep.equal([size, members.length, setId]);
  expect(await keeperRegistry.quorum(), "quorum").to.equal(quorum);
  if (setId > 0) expect(await keeperRegistry.commitment(), "commitment").to.equal(commitment);
  const told = [await probe.setId(), await probe.commitment()];
  expect(told, "told").to.deep.equal([BigInt(setId), await keeperRegistry.commitment()]);
  expect(await keeperRegistry.burnable(), "burnable").to.deep.equal([burnable.earned, burnable.paid]);
  for (const { address } of people) {
    const { earned, paid } = model.rewards.get(address) ?? { earned: 0n, paid: 0n };
    expect(await keeperRegistry.rewardOf(address), "reward").to.deep.equal([earned, paid]);
  }
  for (let index = 0; index < known + 2; index += 1) await checkKeeper(system, model, index);
  expect(await bondToken.balanceOf(keeperRegistry.target), "balance").to.equal(model.owed);
}

async function checkKeeper(
  { keeperRegistry }: HostileSystem,
  model: KeeperHistory["model"],
  index: number,
): Promise<void> {
  const attester = attesterAt(index);
  const expected = model.keepers.get(attester);
  const keeper = await keeperRegistry.keeperOf(attester);
  const stake = await keeperRegistry.stakeOf(attester);
  expect(Number(keeper.status), `status of ${index}`).to.equal(STATUS[expected?.status ?? "None"]);
  expect(stake.amount, `stake of ${index}`).to.equal(expected?.stake ?? 0n);
  for (const address of [attester, pauserAt(index)]) {
    const owner = model.keys.get(address);
    const key = await keeperRegistry.keyOf(address);
    const isPauser = owner?.pauser === address;
    expect(BigInt(key.attester), `key of ${index}`).to.equal(BigInt(owner?.attester ?? 0));
    expect(key.isPausing, `pausing of ${index}`).to.equal(isPauser && owner.status === "Active");
    const used = [key.booksUntil, key.viewUntil, key.generation].map(Number);
    const { budget } = owner ?? {};
    const left = isPauser ? [budget!.untilOf(CLASS.Books), budget!.untilOf(CLASS.View), budget!.generation] : [0, 0, 0];
    expect(used, `pauses of ${index}`).to.deep.equal(left);
  }
  if (expected === undefined) return;
  expect([keeper.pauser, Number(keeper.since)], `keeper ${index}`).to.deep.equal([expected.pauser, expected.since]);
  expect(stake.owner, `owner of ${index}`).to.equal(expected.owner);
}

describe("KeeperRegistry > at random", () => {
  const tally = new Map<string, number>();

  for (const [round, seed] of SEEDS.entries()) {
    const token = HOSTILE[round % HOSTILE.length]!;

    it(`INV-28: is its model, and has what it owes, for ${COUNT} operations with a ${token} (seed ${seed})`, async () => {
      const system: HostileSystem = await deployKeepers(connection, HISTORY_TERMS, token);
      const { bondToken, keeperRegistry, admin, probe } = system;
      if ("setPercent" in bondToken) await bondToken.setPercent(0);
      await bondToken.mint(admin.address, 10n ** 30n);
      await bondToken.approve(keeperRegistry.target, 10n ** 30n);
      const history = new KeeperHistory(system, HISTORY_TERMS, await time.latest(), new SeededRandom(seed));
      for (let count = 1; count <= COUNT; count += 1) {
        const { step, expected, actual } = await history.next((now) => time.setNextBlockTimestamp(now));
        expect(actual, `operation ${count}, ${step}`).to.equal(expected);
        const label = `${step} ${actual ?? "done"}`;
        tally.set(label, (tally.get(label) ?? 0) + 1);
        if (count % PERIOD === 0 || count === COUNT) await checkState(system, history);
      }
      const losses = await probe.queryFilter(probe.filters.QuorumLossSeen());
      expect(losses, "quorum losses").to.have.lengthOf(history.model.losses);
    });
  }

  it("did everything, and was refused for every reason but a full set", function () {
    // A shorter history than the one of every day does not reach everything.
    if (COUNT < 700) this.skip();
    const lines = [...tally].sort().map(([label, count]) => `${label} ${count}`);
    process.stdout.write(`    ${lines.join(", ")}\n`);
    for (const step of STEPS) expect(tally.get(`${step} done`), step).to.be.greaterThan(0);
    const reasons = new Set([...tally.keys()].map((label) => label.split(" ")[1]));
    const expected = ["done", "KeyInUse", "WrongStatus", "TooEarly", "TooFew", "NotOwner", "NoVacancy", "NothingDue"];
    for (const reason of [...expected, "NotPauser", "NotRearmed", "token"]) {
      expect(reasons.has(reason), reason).to.equal(true);
    }
  });
});
