import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { Interface } from "ethers";

import { CONTRACT_NAMES } from "../../../keeper/config/deployment.ts";
import type { RotationReport } from "../../../keeper/commands/formatRotation.ts";
import { rotateKey } from "../../../keeper/commands/keysRotate.ts";
import type { RotationStep } from "../../../keeper/commands/planRotation.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { developmentWallet, ROLES } from "../../../scripts/local/accounts.ts";
import { CONTEXT, type Ran } from "../../helpers/commandContext.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { faultOf } from "../store/StoreSubject.ts";

/** Accounts that nobody uses; the node funds the first ten. */
const [NEW_ATTESTER, NEW_PAUSER] = [40, 41].map((index) => developmentWallet(index)) as [Wallet, Wallet];
type Wallet = ReturnType<typeof developmentWallet>;
const JOIN_DELAY = 600;
const UNBONDING = 7_200;

type Report = RotationReport & { readonly code: number };

describe("lockstep keys rotate", function () {
  this.timeout(60_000);
  let world: LocalWorld;
  let proxy: ChaosRpc;
  let directory: string;
  let settings: Readonly<Record<string, unknown>>;
  const owner = developmentWallet(ROLES.deployer);

  before(async () => {
    world = await LocalWorld.open("anvil", 61, {
      parameters: { joinDelaySeconds: JOIN_DELAY, unbondingSeconds: UNBONDING },
    });
    proxy = await ChaosRpc.start({ upstreams: [world.node.url], seed: 61 });
    directory = mkdtempSync(join(tmpdir(), "lockstep-rotate-"));
    const { chainId, deploymentBlock, contracts } = world.market.chain.deployment;
    const known = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contracts[name]]));
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text, { mode: 0o600 });
      return join(directory, name);
    };
    settings = {
      ...{ sources: `${proxy.url}|one|anvil`, dataDirectory: directory, maxFeePerGasGwei: "100" },
      deployment: file("deployment.json", JSON.stringify({ chainId, deploymentBlock, contracts: known })),
      attestKey: developmentWallet(ROLES.attester).privateKey,
      pauseKey: world.pauser.privateKey,
      ownerKeyFile: file("owner.key", owner.privateKey),
      newKeyFile: file("new.key", NEW_ATTESTER.privateKey),
    };
    await world.send("anvil_setBalance", NEW_PAUSER.address, "0x56bc75e2d63100000");
    await world.send("anvil_setBalance", NEW_ATTESTER.address, "0x56bc75e2d63100000");
    // A word that was written behind the chain's back is proven with the next block.
    await world.mine();
  });

  afterEach(() => proxy.clear());

  after(async () => {
    await proxy.close();
    await world.close();
    rmSync(directory, { recursive: true });
  });

  async function run(flags: Record<string, unknown>): Promise<Ran> {
    let [stdout, stderr] = ["", ""];
    const context = {
      ...CONTEXT,
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
    };
    const code = await rotateKey({ ...settings, ...flags }, context);
    return { code, stdout, stderr };
  }

  async function rotate(flags: Record<string, unknown> = {}): Promise<Report> {
    const attest = { role: "attest", newOtherAddress: NEW_PAUSER.address, json: true };
    const { code, stdout } = await run({ ...attest, ...flags });
    return { ...(JSON.parse(stdout) as RotationReport), code };
  }

  function statesOf({ steps }: Report): Record<string, string> {
    return Object.fromEntries(steps.map(({ name, state }) => [name, state]));
  }

  function stepOf({ steps }: Report, name: RotationStep["name"]): RotationStep {
    return steps.find((step) => step.name === name)!;
  }

  /** Sends as governance, which is the deployer's account here. */
  async function govern(to: string, data: string): Promise<void> {
    const hash = await world.send("eth_sendTransaction", { from: owner.address, to, data, gas: "0x1e8480" });
    for (let receipt = null as { readonly status: string } | null; ;) {
      receipt = (await world.send("eth_getTransactionReceipt", hash)) as typeof receipt;
      if (receipt === null) continue;
      expect(receipt.status).to.equal("0x1");
      return;
    }
  }

  function intents(): readonly { readonly step: string; readonly nonce: number; readonly hash: string }[] {
    const text = readFileSync(join(directory, "key-rotation.ndjson"), "utf8");
    return text
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as ReturnType<typeof intents>[number]]));
  }

  it("changes the posting key without a contract, as the registry knows nothing of it", async () => {
    const { code, stdout } = await run({ role: "post" });
    expect(code, stdout).to.equal(0);
    expect(stdout)
      .to.match(/ok {2}signs: /)
      .and.to.match(/ok {2}funds: 100\./);
    expect(stdout)
      .to.match(/1\. now {4}swap, by you/)
      .and.to.match(/2\. now {4}drain, by you/);
    expect(stdout).not.to.contain("KeeperRegistry changes no key");
  });

  it("refuses a key that this keeper, or another one, has already: exit 1, and nothing is planned", async () => {
    const old = join(directory, "old.key");
    writeFileSync(old, world.pauser.privateKey, { mode: 0o600 });
    const { code, stdout } = await run({ role: "attest", newKeyFile: old, newOtherAddress: NEW_PAUSER.address });
    expect(code).to.equal(1);
    expect(stdout)
      .to.contain("is this keeper's pause key already")
      .and.to.match(/fail {2}attester: .* belongs to keeper/);
    expect(stdout).to.contain("nothing was sent").and.not.to.contain("data 0x");
  });

  it("says why a new pause or attest key needs another one, and where a setting is missing", async () => {
    const missing = await faultOf(run({ role: "pause" }));
    expect(missing.message).to.contain("--new-other-address").and.to.contain("takes none twice");
    expect((await faultOf(run({ role: "post", newKeyFile: undefined }))).message).to.contain("--new-keystore");
    expect((await faultOf(rotate({ send: true, ownerKeyFile: undefined }))).message).to.contain("--owner-key-file");
  });

  it("lets a new keeper join and the old one leave, in the order that leaves no gap", async () => {
    const begun = await rotate();
    expect(begun.code).to.equal(0);
    expect(statesOf(begun)).to.deep.equal({
      ...{ approve: "now", allow: "later", bond: "later", activate: "later", start: "later", leave: "later" },
      withdraw: "later",
    });
    // Governance's own step is never sent, whoever asks.
    expect((await rotate({ send: true, yes: true })).sent).to.deep.equal([]);
    const { scheduled, transaction } = stepOf(begun, "approve");
    const manager = new Interface(["function schedule(address target, bytes data, uint48 at)"]);
    const [target, data, at] = manager.decodeFunctionData("schedule", scheduled!.schedule) as unknown as [
      string,
      string,
      bigint,
    ];
    expect([target.toLowerCase(), data, at]).to.deep.equal([transaction!.to, transaction!.data, 0n]);
    await govern(scheduled!.to, scheduled!.execute);

    const approved = await rotate();
    expect(statesOf(approved)).to.include({ approve: "done", allow: "now", bond: "later" });
    const token = stepOf(approved, "allow").transaction!.to;
    const mint = new Interface(["function mint(address to, uint256 amount)"]);
    await govern(token, mint.encodeFunctionData("mint", [owner.address, 10n ** 24n]));
    const bonded = await rotate({ send: true, yes: true });
    expect(bonded.sent.map((line) => line.split(" ")[0])).to.deep.equal(["allow", "bond"]);
    expect(statesOf(bonded)).to.include({ bond: "done", activate: "later", start: "later", leave: "later" });
    expect(stepOf(bonded, "activate").what).to.match(/possible from 20\d\d-/);

    await world.passTime(JOIN_DELAY + 1);
    const active = await rotate({ send: true, yes: true });
    expect(active.sent.map((line) => line.split(" ")[0])).to.deep.equal(["activate"]);
    expect(statesOf(active)).to.include({ activate: "done", start: "now", leave: "now" });
    // The old one stays until somebody has seen the new one ready.
    expect((await rotate({ send: true, yes: true })).sent).to.deep.equal([]);
    const left = await rotate({ send: true, leave: true, yes: true });
    expect(left.sent.map((line) => line.split(" ")[0])).to.deep.equal(["leave"]);
    expect(statesOf(left)).to.include({ start: "done", leave: "done", withdraw: "later" });

    await world.passTime(UNBONDING + 1);
    const over = await rotate({ send: true, yes: true });
    expect(over.sent.map((line) => line.split(" ")[0])).to.deep.equal(["withdraw"]);
    expect([...new Set(Object.values(statesOf(over)))]).to.deep.equal(["done"]);
    expect(intents().map(({ step }) => step)).to.deep.equal(["allow", "bond", "activate", "leave", "withdraw"]);
    expect(new Set(intents().map(({ nonce }) => nonce)).size).to.equal(5);
  });

  it("sends what was journalled again, and nothing beside it, when no source took it", async () => {
    const keys = [50, 51].map((index) => developmentWallet(index));
    const newKeyFile = join(directory, "third.key");
    writeFileSync(newKeyFile, keys[0]!.privateKey, { mode: 0o600 });
    for (const { address } of keys) await world.send("anvil_setBalance", address, "0x56bc75e2d63100000");
    await world.mine();
    const flags = { newKeyFile, newOtherAddress: keys[1]!.address, attestKey: NEW_ATTESTER.privateKey };
    const third = { ...flags, pauseKey: NEW_PAUSER.privateKey, send: true, yes: true };
    const { transaction } = stepOf(await rotate(third), "approve");
    await govern(transaction!.to, transaction!.data);
    proxy.rule({ method: "eth_sendRawTransaction", action: "error", code: -32_000, message: "not today" });
    const before = intents().length;
    for (let time = 0; time < 2; time += 1) {
      const fault = await faultOf(rotate(third));
      expect(fault.code).to.equal("RotationRefused");
      expect(fault.message).to.contain("not today").and.to.contain("sent again");
    }
    expect(intents().length).to.equal(before + 1);
    const { hash, step } = intents().at(-1)!;
    proxy.clear();
    const { sent } = await rotate(third);
    expect(sent[0]).to.equal(`${step} ${hash}`);
  });
});
