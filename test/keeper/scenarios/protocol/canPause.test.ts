import { expect } from "chai";

import { PAUSE_GAS_LIMIT } from "../../../../keeper/actions/plan/gasLimits.ts";
import { VerifiedReader } from "../../../../keeper/chain/read/VerifiedReader.ts";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import type { Source } from "../../../../keeper/chain/sources/Source.ts";
import type { Address } from "../../../../keeper/lib/hex.ts";
import { checkDryPause } from "../../../../keeper/probes/dryPause.ts";
import { addressOf, developmentWallet, ROLES } from "../../../../scripts/local/accounts.ts";
import { contractInterface } from "../../../../scripts/local/contractInterface.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { ServiceRig } from "../../../helpers/keeper/ServiceRig.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

const DAY = 86_400;
const LOOKS = 12;
const STRANGER: Address = `0x${"ab".repeat(20)}`;
const HALTED_FLAGS = 15n;
const NOT_PAUSER = "s0: KeeperRegistryNotPauser; s1: KeeperRegistryNotPauser";

describe("Scenario: whether the protocol can be paused is proven before it has to be", function () {
  this.timeout(60_000);
  const { signal } = new AbortController();
  let world: LocalWorld;
  let sources: Source[] = [];
  let reader: VerifiedReader | null = null;
  let snapshot: unknown;

  before(async () => {
    world = await LocalWorld.open("anvil", 8);
    await world.mine(2);
    const now = (): number => performance.now();
    sources = ["s0", "s1"].map((id) => {
      return createSource({ id, url: world.node.wsUrl, operator: id, client: "anvil" }, { now });
    });
    const nothing = (): void => undefined;
    for (const source of sources) source.open({ onHead: nothing, onUp: nothing, onDown: nothing }, signal);
    reader = new VerifiedReader({ sources, now });
  });

  beforeEach(async () => {
    snapshot = await world.send("evm_snapshot");
  });

  afterEach(() => world.send("evm_revert", snapshot));

  after(async () => {
    await reader?.close();
    for (const source of sources) await source.close();
    await world.close();
  });

  const pauser = (): Address => addressOf(world.pauser);
  const dryPause = async (by: Address) => {
    const parts = { guard: world.addresses.SyncGuard, pauser: by, gas: PAUSE_GAS_LIMIT };
    return checkDryPause(reader!, { ...parts, sources, deadlineMs: 5_000, signal });
  };
  /** Governance takes the keeper's role. */
  const removeKeeper = async (): Promise<void> => {
    const attester = addressOf(developmentWallet(ROLES.attester));
    const data = contractInterface("KeeperRegistry").encodeFunctionData("remove", [attester]);
    const from = addressOf(developmentWallet(ROLES.deployer));
    await world.send("eth_sendTransaction", { from, to: world.addresses.KeeperRegistry, data, gas: "0x7a120" });
    await world.mine();
  };

  it(`F8: at ${LOOKS} random times of a year the pause key can, and nobody else: no window ever closes`, async () => {
    const random = new SeededRandom(chooseSeed(20_251_103));
    const others = [ROLES.deployer, ROLES.attester, ROLES.feedMover, ROLES.executor, ROLES.traders[0]];
    let days = 0;
    for (let look = 0; look < LOOKS; look += 1) {
      const passed = 1 + random.below(60);
      days += passed;
      await world.send("evm_increaseTime", passed * DAY);
      await world.mine(1 + random.below(3));
      expect(await dryPause(pauser()), `after ${days} days`).to.include({ status: "ok" });
      const other = others[random.below(others.length)]!;
      for (const by of [addressOf(developmentWallet(other)), STRANGER]) {
        expect(await dryPause(by)).to.deep.include({ status: "fail", detail: NOT_PAUSER });
      }
    }
    expect(days).to.be.greaterThan(365);
    expect(await world.flags()).to.equal(0n);
  });

  it("F8: says so when the role is gone, and the pause is refused then", async () => {
    await removeKeeper();
    expect(await dryPause(pauser())).to.deep.include({ status: "fail", detail: NOT_PAUSER });
  });

  it("F8: says so when a block has no room for the pause, and it is not included then", async () => {
    await world.send("evm_setBlockGasLimit", `0x${(PAUSE_GAS_LIMIT - 1n).toString(16)}`);
    await world.mine(2);
    const { header } = await reader!.head();
    expect(header.gasLimit).to.equal(PAUSE_GAS_LIMIT - 1n);
    const outcome = await dryPause(pauser());
    expect(outcome).to.include({ status: "fail" });
    expect(outcome.detail).to.equal(`a block has ${PAUSE_GAS_LIMIT - 1n} gas, a pause needs ${PAUSE_GAS_LIMIT}`);
    await world.send("evm_setBlockGasLimit", `0x${PAUSE_GAS_LIMIT.toString(16)}`);
    await world.mine(2);
    expect(await dryPause(pauser())).to.include({ status: "ok" });
  });

  it("F8: a keeper that runs finds out by itself, before there is anything to pause", async () => {
    const rig = await ServiceRig.start({
      sources: [world.node.wsUrl],
      deployment: world.market.chain.deployment,
      flags: { readinessBlocks: "1", mode: "act" },
    });
    const alerts = () => rig.all("alert").filter(({ event }) => event.startsWith("not-ready"));
    try {
      await world.mine();
      const height = Number(await world.send("eth_blockNumber"));
      await rig.untilInSync(height);
      await world.mine();
      await rig.untilInSync(height + 1);
      expect(alerts()).to.deep.equal([]);
      await removeKeeper();
      await rig.until("it says so", () => alerts().some(({ event }) => event === "not-ready: dry pause"));
      expect(alerts().map(({ level }) => level)).to.include("critical");
      expect(alerts().map(({ event }) => event)).to.include("not-ready: pause key");
      // Nothing was paused by this keeper: the last one's leaving halts by itself.
      expect(rig.all("broadcast").filter(({ purpose }) => purpose === "soft-pause")).to.deep.equal([]);
      expect(await world.flags()).to.equal(HALTED_FLAGS);
    } finally {
      await rig.stop();
    }
  });
});
