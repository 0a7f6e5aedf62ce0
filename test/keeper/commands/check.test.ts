import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { check } from "../../../keeper/commands/check.ts";
import { formatCheck, type CheckReport } from "../../../keeper/commands/formatCheck.ts";
import { paintFor } from "../../../keeper/commands/formatBlock.ts";
import { resync } from "../../../keeper/commands/resync.ts";
import { CONTRACT_NAMES } from "../../../keeper/config/deployment.ts";
import { booksRoot } from "../../../keeper/domain/booksRoot.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { CONTEXT, type Ran } from "../../helpers/commandContext.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";

describe("lockstep check", function () {
  this.timeout(60_000);
  let world: LocalWorld;
  let proxies: readonly [ChaosRpc, ChaosRpc];
  let directory: string;
  let deployment: string;
  let data: string;

  before(async () => {
    world = await LocalWorld.open("anvil", 43);
    await world.trade(6);
    const upstreams = [world.node.url];
    proxies = [await ChaosRpc.start({ upstreams, seed: 43 }), await ChaosRpc.start({ upstreams, seed: 44 })];
    directory = mkdtempSync(join(tmpdir(), "lockstep-check-test-"));
    data = join(directory, "data");
    deployment = join(directory, "deployment.json");
    const { chainId, deploymentBlock, contracts } = world.market.chain.deployment;
    const known = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contracts[name]]));
    writeFileSync(deployment, JSON.stringify({ chainId, deploymentBlock, contracts: known }));
  });

  afterEach(() => {
    for (const proxy of proxies) proxy.clear();
  });

  after(async () => {
    for (const proxy of proxies) await proxy.close();
    await world.close();
    rmSync(directory, { recursive: true });
  });

  async function run(flags: Record<string, unknown> = {}, command: typeof check = check): Promise<Ran> {
    let [stdout, stderr] = ["", ""];
    const sources = proxies.map(({ url }, index) => `${url}|operator-${index}|anvil`).join(",");
    const code = await command(
      { sources, deployment, dataDirectory: data, confirmations: "1", ...flags },
      { ...CONTEXT, stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) } },
    );
    return { code, stdout, stderr };
  }

  async function report(flags: Record<string, unknown> = {}): Promise<CheckReport & { readonly code: number }> {
    const { code, stdout } = await run({ ...flags, json: true });
    return { ...(JSON.parse(stdout) as CheckReport), code };
  }

  async function head(): Promise<{ readonly number: number; readonly hash: `0x${string}` }> {
    const block = (await world.send("eth_getBlockByNumber", "latest", false)) as {
      number: string;
      hash: `0x${string}`;
    };
    return { number: Number(block.number), hash: block.hash };
  }

  it("says that the newest block is in sync, with the root that a checkpoint of it would have: exit 0", async () => {
    const { number, hash } = await head();
    const { code, stdout, stderr } = await run();
    expect(code, stdout + stderr).to.equal(0);
    const root = booksRoot(await world.roots(hash));
    expect(stdout).to.match(
      new RegExp(`^IN SYNC {2}block ${number} ${hash}\n {2}at .*, 2 of 2 operators .*\n {2}books +${root}\n$`),
    );
    const { block, roots, verdict, isAgreed } = await report();
    expect({ number: block?.number, hash: block?.hash, verdict, isAgreed }).to.deep.equal({
      ...{ number, hash, verdict: "InSync", isAgreed: true },
    });
    expect(roots.map(({ chain }) => chain)).to.deep.equal(await world.roots(hash));
  });

  it("leaves nothing behind, and changes nothing of a keeper's data directory", async () => {
    expect(existsSync(data)).to.equal(false);
    const before = readdirSync(tmpdir()).filter((name) => /^lockstep-check-(?!test)/.test(name));
    await run();
    expect(existsSync(data)).to.equal(false);
    await world.mine();
    expect((await run({}, resync)).code).to.equal(0);
    const list = (): [string, number][] =>
      ["", "snapshots"].flatMap((folder) =>
        readdirSync(join(data, folder)).map((name): [string, number] => {
          return [join(folder, name), statSync(join(data, folder, name)).mtimeMs];
        }),
      );
    const files = list();
    const asked: unknown[] = [];
    const change = (result: unknown, params: readonly unknown[]): unknown => {
      asked.push(params);
      return result;
    };
    for (const proxy of proxies) proxy.rule({ method: "eth_getBlockReceipts", action: "replace", change });
    await world.mine();
    expect((await run()).code).to.equal(0);
    expect(list()).to.deep.equal(files);
    expect(asked.length, "blocks below the snapshot are not asked for").to.be.below(6);
    expect(readdirSync(tmpdir()).filter((name) => /^lockstep-check-(?!test)/.test(name))).to.deep.equal(before);
    rmSync(data, { recursive: true });
  });

  it("ends with 1 and names roots and word where the chain holds what no event implies", async () => {
    const snapshot = await world.send("evm_snapshot");
    await world.tamper("SyncGuard", `0x${"77".repeat(32)}`, 5n);
    await world.mine();
    const { number } = await head();
    const { code, stdout } = await run();
    expect(code, stdout).to.equal(1);
    expect(stdout).to.contain(`DIVERGED  block ${number} `).and.to.contain("SyncGuard unexplained-write since block");
    expect(stdout).to.match(/root +SyncGuard\n +books 0x[0-9a-f]{64}\n +chain 0x[0-9a-f]{64}\n/);
    expect(stdout).to.match(
      /slot +SyncGuard\.unknown slot 0x[0-9a-f]{64} \(unexplained-write\)\n +books .*\n +chain .*\n/,
    );
    const { verdict, roots, slots, block } = await report();
    expect(verdict).to.equal("Diverged");
    const [root] = roots;
    const index = 8;
    expect([root?.contract, root?.chain]).to.deep.equal(["SyncGuard", (await world.roots(block!.hash))[index]]);
    expect(root?.books).to.not.equal(root?.chain);
    expect(slots).to.have.length(1);
    await world.send("evm_revert", snapshot);
  });

  it("ends with 75 where too few answer, and says what to do", async () => {
    const dead = "http://127.0.0.1:1|dead|geth";
    const { code, stdout } = await run({ sources: `${proxies[0].url}|one|anvil,${dead}` });
    expect(code).to.equal(75);
    expect(stdout)
      .to.match(/^UNKNOWN {2}NoAgreement: .*\n/)
      .and.to.match(/\n {2}do +.*lockstep doctor/);
    expect(await report({ sources: dead })).to.include({ code: 75, verdict: "Unknown", block: null });
  });

  it("ends with 75 when nobody proves anything and no more is to be expected, and when the time is over", async () => {
    for (const proxy of proxies)
      proxy.rule({ method: "eth_getProof", action: "error", code: -32_000, message: "no proofs here" });
    const outcome = await report({ timeout: 50_000 });
    expect(outcome).to.include({ code: 75, verdict: "Unknown", reason: "no-proof" });
    expect(outcome.advice).to.contain("eth_getProof");
    expect(outcome.sources.map(({ id }) => id)).to.deep.equal(["operator-0", "operator-1"]);
    const late = await report({ timeout: 1 });
    expect(late).to.include({ code: 75, reason: "not-in-time" });
    expect(late.detail).to.contain("--timeout");
  });

  it("never lets one source hide what another one proves to differ", async () => {
    const snapshot = await world.send("evm_snapshot");
    await world.tamper("SyncGuard", `0x${"66".repeat(32)}`, 5n);
    await world.mine();
    proxies[0].rule({ method: "eth_getProof", action: "error", code: -32_000, message: "no proofs here" });
    const outcome = await report();
    expect(outcome).to.include({ code: 1, verdict: "Diverged" });
    await world.send("evm_revert", snapshot);
  });

  it("shows nothing of the chain or of a source that could deceive a terminal", () => {
    const evil = "\u001b[2Jall is well\u202e\nIN SYNC";
    const slot = {
      contract: "SyncGuard",
      variable: evil,
      account: null,
      slot: null,
      before: evil,
      after: evil,
    } as const;
    const hash: `0x${string}` = `0x${"11".repeat(32)}`;
    const shown = formatCheck(
      {
        ...{ verdict: "Diverged", isAgreed: true, block: { number: 7, hash, timestamp: 1 }, votes: 1, quorum: 1 },
        ...{ booksRoot: hash, roots: [], isComplete: true, reason: null, detail: evil, advice: "look", sources: [] },
        findings: [
          { cause: "unreadable", contract: "SyncGuard", blockNumber: 7, blockHash: hash, detail: evil, logIndex: 0 },
        ],
        slots: [{ ...slot, hashedSlot: hash, cause: "unexplained-write" }],
      },
      paintFor(false),
    );
    expect(shown).not.to.match(/[\u001b\u202e]|^IN SYNC/m); // eslint-disable-line no-control-regex
    expect(shown).to.contain("all is well");
  });
});
