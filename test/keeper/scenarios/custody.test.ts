import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { id } from "ethers";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { verifyBundle } from "../../../keeper/evidence/bundle/verifyBundle.ts";
import { compareDecisions } from "../../../keeper/evidence/compareDecisions.ts";
import { readRecording } from "../../../keeper/evidence/readRecording.ts";
import { Replayer } from "../../../keeper/evidence/Replayer.ts";
import { settingsHash } from "../../../keeper/domain/settingsHash.ts";
import type { Address, Hash, Hex } from "../../../keeper/lib/hex.ts";
import { settingsOf } from "../../../keeper/loop/settingsOf.ts";
import { selectorOf, word } from "../../../keeper/actions/plan/abi.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { addressOf } from "../../../scripts/local/accounts.ts";
import { contractInterface } from "../../../scripts/local/contractInterface.ts";
import { readHeadOf, rpcAt } from "../../../testing/Rpc.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { RecordedKeeper } from "../evidence/RecordedKeeper.ts";

const SEED = 40;
const THIEF = `0x${"7e".repeat(20)}` as Address;

describe("Scenario: custody below the books (F13, G15)", function () {
  this.timeout(120_000);
  let world: LocalWorld;
  let liar: ChaosRpc;
  let token: Address;
  let snapshot: unknown;
  let keeper: RecordedKeeper | null = null;

  before(async () => {
    world = await LocalWorld.open("anvil", SEED);
    liar = await ChaosRpc.start({ upstreams: [world.node.url], seed: SEED });
    token = world.immutables.settlementAsset;
    await world.trade(1);
  });

  beforeEach(async () => {
    snapshot = await world.send("evm_snapshot");
  });

  afterEach(async () => {
    await keeper?.stop();
    await keeper?.remove();
    keeper = null;
    liar.setRules([]);
    await world.send("evm_revert", snapshot);
  });

  after(async () => {
    await liar.close();
    await world.close();
  });

  /** A keeper with two honest sources and one that may lie. */
  async function start(flags: Readonly<Record<string, string>>): Promise<RecordedKeeper> {
    keeper = await RecordedKeeper.start(world, [liar.url, world.node.wsUrl, world.node.url], flags);
    await keeper.untilVerdict("InSync", await height());
    return keeper;
  }

  async function height(): Promise<number> {
    return Number(await world.send("eth_blockNumber"));
  }

  async function custody(): Promise<bigint> {
    const data = `${selectorOf("balanceOf(address)")}${word(world.addresses.CollateralVault)}`;
    return BigInt((await world.send("eth_call", { to: token, data }, "latest")) as Hex);
  }

  /** Moves everything that the vault has of the token, as whoever controls the token may, in one block. */
  async function rob(): Promise<{ readonly hash: Hash; readonly taken: bigint }> {
    const vault = world.addresses.CollateralVault;
    const taken = await custody();
    await world.send("anvil_impersonateAccount", vault);
    await world.send("anvil_setBalance", vault, "0xde0b6b3a7640000");
    await world.mine();
    await keeper?.untilVerdict("InSync", await height());
    const data = `${selectorOf("transfer(address,uint256)")}${word(THIEF)}${word(taken)}`;
    const hash = await world.send("eth_sendTransaction", { from: vault, to: token, data, gas: "0x30d40" });
    return { hash: hash as Hash, taken };
  }

  /** The block of a transaction that a keeper has seen the effect of. */
  async function blockOf(hash: Hash): Promise<number> {
    const receipt = (await world.send("eth_getTransactionReceipt", hash)) as { readonly blockNumber: string };
    return Number(receipt.blockNumber);
  }

  it("pauses for a declared token, leaves a bundle that anybody confirms, and decides the same again", async () => {
    const own = await start({ tokenSlots: `${token}:0` });
    const { hash, taken } = await rob();
    await own.untilVerdict("Diverged", 0);
    await own.until("contained", () =>
      own.effects.some((effect) => effect.type === "incident" && effect.report.state === "contained"),
    );
    const blockNumber = await blockOf(hash);
    const incident = own.effects.find((effect) => effect.type === "incident");
    expect(incident?.report).to.include({ cause: "custody-short", contract: "CollateralVault", blockNumber });
    expect(incident?.report.detail).to.contain(`holds 0 of ${token} and owes ${taken}`);
    expect((await world.flags()) & 1n).to.equal(1n);

    const evidence = join(own.directory, "data", "evidence");
    await own.until("handed over", () => own.effects.some(({ type }) => type === "evidence"));
    await own.stop();
    const [folder] = (await readdir(evidence)).filter((name) => name.startsWith("0x"));
    const shown = verifyBundle(await readFile(join(evidence, folder!, "bundle.lockstep"), "utf8"));
    expect(shown, shown.reason).to.include({ result: "confirmed", kind: "Diverged" });

    const recording = await readRecording(await own.recording());
    const { difference } = compareDecisions(recording.decisions, Replayer.replay(recording));
    expect(difference).to.equal(null);
    const { options } = recording.beginning;
    if (options === null) throw new Error("the recording has no options");
    expect(options.tokenSlots).to.deep.equal([
      { token, slot: `0x${"00".repeat(32)}`, order: "solidity", isConfirmed: true },
    ]);
    const undeclared = settingsHash(settingsOf({ ...options, tokenSlots: [] }));
    expect(settingsHash(settingsOf(options))).to.not.equal(undeclared);
  });

  it("suspects one that is not declared, whatever one source says of it", async () => {
    const own = await start({});
    liar.setRules([{ method: "eth_call", action: "replace", result: `0x${"ff".repeat(32)}` }]);
    const { hash } = await rob();
    const suspects = () =>
      own.effects.flatMap((effect) =>
        effect.type === "condition" && effect.condition.kind === "custody-suspect" ? [effect] : [],
      );
    await own.until("suspected", () => suspects().length > 0);
    await own.untilVerdict("InSync", await blockOf(hash));
    expect(suspects()[0]!.condition.detail).to.contain(`of ${token} and owes`);
    const sent = own.effects.flatMap((effect) => (effect.type === "broadcast" ? [effect.purpose] : []));
    expect(sent.filter((purpose) => purpose !== "checkpoint")).to.deep.equal([]);
    expect(own.effects.filter(({ type }) => type === "incident")).to.deep.equal([]);
  });

  it("pauses for no balance that one source tells too low, where who believes it stops a healthy vault (G15)", async () => {
    const own = await start({});
    liar.setRules([{ method: "eth_call", action: "replace", result: `0x${"00".repeat(32)}` }]);
    await world.mine();
    await own.untilVerdict("InSync", await height());
    expect(own.effects.filter(({ type }) => type === "incident")).to.deep.equal([]);
    expect(await world.flags()).to.equal(0n);
    const data = `${selectorOf("balanceOf(address)")}${word(world.addresses.CollateralVault)}`;
    const told = BigInt((await rpcAt(liar.url).request("eth_call", [{ to: token, data }, "latest"])) as Hex);
    expect(told).to.be.lessThan(await custody());
    const { number, hash } = await readHeadOf(world.rpc);
    const args = [id("low balance"), 0, number, hash, id("one source")];
    const pause = contractInterface("SyncGuard").encodeFunctionData("softPause", args);
    const from = addressOf(world.pauser);
    await world.send("eth_sendTransaction", { from, to: world.addresses.SyncGuard, data: pause, gas: "0x7a120" });
    await world.mine();
    expect(await world.flags()).to.equal(3n);
  });

  it("does not start with a slot that is wrong, and names it", async () => {
    let refused: unknown = null;
    try {
      await start({ tokenSlots: `${token}:3` });
    } catch (error: unknown) {
      refused = error;
    }
    expect(KeeperError.is(refused, "TokenSlotWrong"), String(refused)).to.equal(true);
    expect((refused as KeeperError).message).to.contain(`${token}:3: the slot proves 0`);
    expect((refused as KeeperError).payload).to.deep.equal({ token, slot: `0x${"3".padStart(64, "0")}` });
  });
});
