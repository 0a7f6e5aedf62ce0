import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { Wallet } from "ethers";

import { encodeSoftPause } from "../../../keeper/actions/plan/calls.ts";
import { CONTRACT_NAMES } from "../../../keeper/config/deployment.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { SCENARIOS } from "../../../scripts/drills/catalogue.ts";
import type { DrillResult } from "../../../scripts/drills/DrillResult.ts";
import { openTestDeployment } from "../../../scripts/drills/TestDeployment.ts";
import { addressOf, developmentWallet, ROLES } from "../../../scripts/local/accounts.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { deployLockstep } from "../../../scripts/local/deployLockstep.ts";
import { Market } from "../../../scripts/local/Market.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { CONTEXT, runDrill, type Ran } from "../../helpers/commandContext.ts";
import { expectContained, expectHarm } from "./expectShape.ts";

/** What goes wrong in each drill when what protects is missing. */
const HARM: Readonly<Record<string, readonly [what: string, outcome: RegExp]>> = {
  "dropped-deposit": ["the books are rolled back", /^not within/],
  "lying-source": ["in sync at the head", /^not within/],
  "lagging-sources": ["trade on the corrupted balance", /^accepted$/],
  partition: ["what it says", /^nothing$/],
  "swallowed-pause": ["trade on the corrupted balance", /^accepted$/],
  "gas-spike": ["trade on the corrupted balance", /^accepted$/],
};
const ON_HARDHAT = ["storage-tamper", "dropped-deposit", "gas-spike"];
const KEYS = {
  LOCKSTEP_PAUSE_KEY: developmentWallet(ROLES.pauser).privateKey,
  LOCKSTEP_ATTEST_KEY: developmentWallet(ROLES.attester).privateKey,
};

type Plain = { chainId: number; deploymentBlock: number; contracts: Record<string, string> };

/** A node with the protocol and its market, as somebody else runs it, and the deployment file. */
class Running {
  readonly node: LocalNode;
  readonly folder: string;
  readonly plain: Plain;

  private constructor(node: LocalNode, folder: string, plain: Plain) {
    this.node = node;
    this.folder = folder;
    this.plain = plain;
  }

  static async open(chain: "hardhat" | "anvil"): Promise<Running> {
    const node = await startNode({ chain, port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    const deployment = await deployLockstep({ url: node.url, module: "Lockstep" });
    await new Market({ url: node.url, deployment, seed: 3, log: () => undefined }).prepare();
    const contracts = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, deployment.contracts[name]]));
    const { chainId, deploymentBlock } = deployment;
    return new Running(node, await mkdtemp(join(tmpdir(), "drill-")), { chainId, deploymentBlock, contracts });
  }

  /** Path of the deployment file, or of one with something else in it. */
  async file(name = "deployment.json", plain: Plain = this.plain): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, JSON.stringify(plain));
    return path;
  }

  /** The same as Hardhat Ignition writes it. */
  async ignitionFile(): Promise<string> {
    const folder = join(this.folder, `chain-${this.plain.chainId}`);
    await mkdir(folder, { recursive: true });
    const path = join(folder, "deployed_addresses.json");
    const rows = Object.entries(this.plain.contracts).map(([name, address]) => [`Lockstep#${name}`, address]);
    await writeFile(path, JSON.stringify(Object.fromEntries(rows)));
    return path;
  }

  /** A pause by the registered key that nothing calls for. */
  async pause(): Promise<void> {
    const block = (await callNode(this.node.url, "eth_getBlockByNumber", ["latest", false])) as Record<string, Hash>;
    const [blockNumber, blockHash] = [Number(block["number"]) - 1, block["parentHash"]!];
    const [incidentId, evidenceHash]: [Hash, Hash] = [`0x${"ee".repeat(32)}`, `0x${"00".repeat(32)}`];
    const data = encodeSoftPause({ incidentId, causeClass: "books", blockNumber, blockHash, evidenceHash });
    const from = addressOf(developmentWallet(ROLES.pauser));
    const call = { from, to: this.plain.contracts["SyncGuard"], data, gas: "0x61a80" };
    await callNode(this.node.url, "eth_sendTransaction", [call]);
  }

  /** A transaction of a trader's that waits for the one before it. */
  async leaveWaiting(): Promise<void> {
    const trader = developmentWallet(ROLES.traders[0]);
    const count = await callNode(this.node.url, "eth_getTransactionCount", [addressOf(trader), "latest"]);
    const fees = { type: 2, gasLimit: 21_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 1n };
    const later = { ...fees, chainId: this.plain.chainId, nonce: Number(count) + 50, to: trader.address };
    await callNode(this.node.url, "eth_sendRawTransaction", [await trader.signTransaction(later)]);
  }

  /** Everything of the node's state that a drill could leave behind. */
  async state(): Promise<unknown> {
    const block = (await callNode(this.node.url, "eth_getBlockByNumber", ["latest", false])) as Record<string, string>;
    const waiting = await Promise.all(
      Object.values(KEYS).map((key) =>
        callNode(this.node.url, "eth_getTransactionCount", [addressOf(new Wallet(key)), "pending"]),
      ),
    );
    const pool = await callNode(this.node.url, "txpool_status").catch(() => null);
    const automine = await callNode(this.node.url, "hardhat_getAutomine");
    const pending = (await callNode(this.node.url, "eth_getBlockByNumber", ["pending", false])) as typeof block;
    return [block["number"], block["hash"], automine, pending["baseFeePerGas"], waiting, pool];
  }

  async close(): Promise<void> {
    await this.node.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

describe("drills on a test deployment", function () {
  this.timeout(120_000);

  for (const chain of ["anvil", "hardhat"] as const) {
    describe(chain, () => {
      let running: Running;
      let asItWas: unknown;

      before(async () => {
        running = await Running.open(chain);
        asItWas = await running.state();
      });
      after(() => running.close());

      const names = Object.keys(SCENARIOS).filter((name) => SCENARIOS[name]?.needsOwnChain === null);
      for (const name of chain === "hardhat" ? ON_HARDHAT : names) {
        it(`contains ${name}, and takes back what it did`, async () => {
          const file = await (chain === "hardhat" ? running.ignitionFile() : running.file());
          const args = [name, "--json", "--rpc", running.node.url, "--deployment", file];
          const { code, stdout, stderr } = await runDrill(args, chain === "hardhat" ? KEYS : {});
          expect(code, stderr).to.equal(0);
          const result = JSON.parse(stdout) as DrillResult;
          expectContained(result);
          expect(result).to.include({ scenario: name, restored: true });
          expect(await running.state()).to.deep.equal(asItWas);
        });
      }

      if (chain === "hardhat") return;
      for (const [name, [what, outcome]] of Object.entries(HARM)) {
        it(`reports the harm of ${name} without what protects, and takes that back too`, async () => {
          const where = { rpc: running.node.url, deployment: await running.file(), chainId: undefined, env: {} };
          const openGround = (): ReturnType<typeof openTestDeployment> => openTestDeployment(where, () => undefined);
          const choice = { chain, seed: 1, say: () => undefined, openGround, isUnprotected: true, patienceMs: 800 };
          const result = (await SCENARIOS[name]!.run(choice, CONTEXT)) as DrillResult;
          expectHarm(result, what, outcome);
          expect(result.restored).to.equal(true);
          expect(await running.state()).to.deep.equal(asItWas);
        });
      }

      it("does not call contained what must not pause, and is paused by somebody", async () => {
        const where = { rpc: running.node.url, deployment: await running.file(), chainId: undefined, env: {} };
        const openGround = (): ReturnType<typeof openTestDeployment> => openTestDeployment(where, () => undefined);
        let paused: Promise<unknown> = Promise.resolve();
        const say = (line: string): void => {
          if (line.includes("forges")) paused = Promise.all([running.pause(), running.leaveWaiting()]);
        };
        const result = (await SCENARIOS["lying-source"]!.run(
          { chain, seed: 1, say, openGround },
          CONTEXT,
        )) as DrillResult;
        await paused;
        expectHarm(result, "pauses on chain", /^1$/);
        expect(result.attempts.find(({ what }) => what === "the liar is quarantined")?.isHarmless).to.equal(true);
        expect(await running.state()).to.deep.equal(asItWas);
      });

      it("takes back what it did when it is told to end in the middle, and does not exit with 0", async () => {
        const args = ["storage-tamper", "--rpc", running.node.url, "--deployment", await running.file()];
        const { code, stderr } = await runDrill(args, {}, "is overwritten");
        expect(code).to.equal(1);
        expect(stderr).to.equal("lockstep: told to end before the drill was over\n");
        expect(await running.state()).to.deep.equal(asItWas);
      });

      it("says that it could not take it back, and does not exit with 0, when the node refuses", async () => {
        const snapshot = await callNode(running.node.url, "evm_snapshot");
        const proxy = await ChaosRpc.start({ upstreams: [running.node.url], rules: ["evm_revert: replace false"] });
        try {
          const args = ["lying-source", "--json", "--rpc", proxy.url, "--deployment", await running.file()];
          const { code, stdout, stderr } = await runDrill(args);
          expect(JSON.parse(stdout)).to.include({ contained: true, restored: false });
          expect(code).to.equal(1);
          expect(stderr).to.contain("could not be taken back");
        } finally {
          await proxy.close();
          await callNode(running.node.url, "evm_revert", [snapshot]);
        }
      });

      describe("refuses, with 2 and without a change, ", () => {
        let proxy: ChaosRpc;

        before(async () => {
          proxy = await ChaosRpc.start({ upstreams: [running.node.url] });
        });
        beforeEach(() => {
          proxy.clear();
          proxy.calls.clear();
        });
        afterEach(async () => {
          const written = [...proxy.calls.keys()].filter((method) => /^(evm|hardhat_set|anvil|eth_send)/.test(method));
          expect(written).to.deep.equal([]);
          expect(await running.state()).to.deep.equal(asItWas);
        });
        after(() => proxy.close());

        const refuse = async (args: readonly string[], env = {}): Promise<Ran> => {
          const ran = await runDrill(["storage-tamper", ...args], env);
          expect(ran.code, ran.stderr).to.equal(2);
          return ran;
        };
        const here = async (more: readonly string[] = [], env = {}): Promise<string> =>
          (await refuse(["--rpc", proxy.url, "--deployment", await running.file(), ...more], env)).stderr;
        const withContracts = async (change: Record<string, string>): Promise<string> => {
          const contracts = { ...running.plain.contracts, ...change };
          const file = await running.file("other.json", { ...running.plain, contracts });
          return (await refuse(["--rpc", proxy.url, "--deployment", file])).stderr;
        };

        it("what is no URL, or nobody's", async () => {
          const file = await running.file();
          expect((await refuse(["--rpc", "nonsense", "--deployment", file])).stderr).to.contain("expected the URL");
          expect((await refuse(["--rpc", "http://127.0.0.1:1", "--deployment", file])).stderr).to.contain("no answer");
        });

        it("a chain that is no development chain, unless it is named, and whatever is named wrongly", async () => {
          proxy.setRules(["eth_chainId: replace 0x1"]);
          expect(await here())
            .to.contain("the node serves chain 1,")
            .and.to.contain("--chain-id 1");
          expect(await here(["--chain-id", "5"])).to.contain("the node serves chain 1,");
          expect(await here(["--chain-id", "1"])).to.contain("the deployment file is of chain 31337");
          proxy.clear();
          expect(await here(["--chain-id", "5"])).to.contain("chain 31337, not 5");
        });

        it("a node without the cheat methods", async () => {
          proxy.setRules(["hardhat_*: error -32601 the method does not exist"]);
          expect(await here()).to.contain("has no cheat methods");
        });

        it("a deployment file that is not there, is none, or is of another chain or protocol", async () => {
          expect((await refuse(["--rpc", proxy.url])).stderr).to.contain("--deployment");
          const missing = ["--rpc", proxy.url, "--deployment", join(running.folder, "missing.json")];
          expect((await refuse(missing)).stderr).to.contain("DeploymentInvalid");
          const file = await running.file("chain.json", { ...running.plain, chainId: 1_337 });
          expect((await refuse(["--rpc", proxy.url, "--deployment", file])).stderr).to.contain("of chain 1337");
          const { SyncGuard, KeeperRegistry } = running.plain.contracts;
          expect(await withContracts({ SyncGuard: `0x${"ab".repeat(20)}` })).to.contain("SyncGuard has no code");
          const swapped = { SyncGuard: KeeperRegistry!, KeeperRegistry: SyncGuard! };
          expect(await withContracts(swapped)).to.contain("do not answer as the protocol does");
        });

        it("keys that could not act", async () => {
          const [other] = [developmentWallet(ROLES.executor).privateKey];
          expect(await here([], { LOCKSTEP_ATTEST_KEY: other })).to.contain("is no active keeper");
          expect(await here([], { LOCKSTEP_PAUSE_KEY: other })).to.match(/could not pause: KeeperRegistry\w+\n$/);
          expect(await here([], { LOCKSTEP_PAUSE_KEY: "0x12" })).to.contain("ConfigInvalid");
          proxy.setRules(["eth_getBalance: replace 0x0"]);
          expect(await here()).to.contain("fund it");
        });

        it("a drill that needs a chain of its own, and settings of a test deployment without one", async () => {
          const { code, stderr } = await runDrill(["full-cycle", "--rpc", proxy.url]);
          expect(code).to.equal(2);
          expect(stderr).to.contain("full-cycle cannot be staged with --rpc: it needs four keepers");
          expect((await refuse(["--chain-id", "31337"])).stderr).to.contain("for --rpc");
        });
      });
    });
  }
});
