import { expect } from "chai";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { addressOf } from "../../../scripts/local/accounts.ts";
import { tamperStorage } from "../../../testing/chainControl.ts";
import { revertName } from "../../../scripts/local/contractInterface.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { rpcAt, type Rpc } from "../../../testing/Rpc.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

/** A source that can be cut off, or turned to another chain. */
class Line implements Rpc {
  isDead = false;
  rpc: Rpc;

  constructor(rpc: Rpc) {
    this.rpc = rpc;
  }

  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    if (this.isDead) throw new Error("no route");
    return this.rpc.request(method, params);
  }
}

describe("the twin liar (G7)", function () {
  this.timeout(60_000);
  let truth: LocalWorld;
  let twin: LocalNode;

  beforeEach(async () => {
    truth = await LocalWorld.open("anvil", 8);
    await truth.trade(3);
    twin = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    await rpcAt(twin.url).request("anvil_loadState", [await truth.send("anvil_dumpState")]);
  });

  afterEach(async () => {
    await twin.stop();
    await truth.close();
  });

  async function hashOf(rpc: Rpc, tag: string): Promise<unknown> {
    return ((await rpc.request("eth_getBlockByNumber", [tag, false])) as { hash: unknown }).hash;
  }

  /** The liar's chain leaves the true one with a corrupted word; the true one goes on. */
  async function part(): Promise<void> {
    const liar = rpcAt(twin.url);
    expect(await hashOf(liar, "latest")).to.equal(await hashOf(truth.rpc, "latest"));
    await tamperStorage(liar, { address: truth.addresses.PositionLedger, slot: TAMPERED, value: 1n });
    await truth.trade(1);
    await truth.mine(4);
  }

  /** Why the true chain refuses a transaction that the keeper signed for the liar's. */
  async function refusalOf(raw: Hex, data: string): Promise<string> {
    const call = { from: addressOf(truth.pauser), to: truth.addresses.SyncGuard, data };
    const asked = await truth.send("eth_call", call, "latest").then(
      () => "accepted",
      (error: unknown) => revertName(String(KeeperError.is(error) ? error.payload["data"] : error)),
    );
    await truth.send("eth_sendRawTransaction", raw);
    await truth.mine();
    return asked;
  }

  it("pauses its own world at most: on the true chain the pause is refused, and trading goes on", async () => {
    // The twin proves no block before it was made: until they part, it is the same as the true one.
    const liar = new Line(truth.rpc);
    const driver = truth.keeper({ rpcs: { liar } });
    await driver.follow();
    expect(driver.verdict.kind).to.equal("InSync");
    await part();
    liar.rpc = rpcAt(twin.url);
    await driver.follow();
    // Anvil may answer before it has mined.
    await liar.request("evm_mine", []);
    await driver.follow();
    expect(driver.incident).to.include({ cause: "unexplained-write", state: "contained" });

    const [sent] = driver.all("broadcast");
    const [request] = driver.all("sign-transaction");
    expect(await refusalOf(sent!.raw, request!.request.data)).to.equal("GuardWrongBlock");
    const receipt = (await truth.send("eth_getTransactionReceipt", sent!.hash)) as { status: string };
    expect(Number(receipt.status)).to.equal(0);
    expect(await truth.flags()).to.equal(0n);
    await truth.trade(3);
  });

  it("gets nothing signed as the last of three sources, and loses to the truth when that is back (B2)", async () => {
    const lines = { one: new Line(truth.rpc), two: new Line(truth.rpc), liar: new Line(rpcAt(twin.url)) };
    const broadcast = (): Promise<void> => Promise.resolve();
    const driver = truth.keeper({ rpcs: lines, keys: truth.keys, broadcast, policy: { checkpointIntervalSeconds: 0 } });
    await driver.follow();
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    await part();

    lines.one.isDead = lines.two.isDead = true;
    for (const source of ["one", "two"]) {
      await driver.deliver({ type: "source-down", source, reason: "cut off", nowMs: driver.nowMs });
    }
    const from = driver.effects.length;
    const head = (await rpcAt(twin.url).request("eth_getBlockByNumber", ["latest", false])) as {
      number: Hex;
      hash: Hex;
    };
    await driver.hear("liar", { number: Number(head.number), hash: head.hash });
    await driver.tick(2_000);
    const alone = driver.effects.slice(from);
    expect(alone.filter(({ type }) => type === "sign-typed-data")).to.deep.equal([]);
    expect(alone.flatMap((effect) => (effect.type === "block" ? [effect.report.verdict.kind] : []))).to.not.include(
      "InSync",
    );

    lines.one.isDead = lines.two.isDead = false;
    await driver.follow();
    expect(driver.verdict).to.include({ kind: "InSync", isWitnessed: true });
    expect(driver.incident?.state).to.equal("orphaned");
    expect(driver.keeper.books.roots()).to.deep.equal(await truth.roots(driver.keeper.books.tip!.hash));
    expect(await truth.flags()).to.equal(0n);
  });
});
