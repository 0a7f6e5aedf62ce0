import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { chaosRpc, type ChaosRpcFlags } from "../../../scripts/chaos/command.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { post, resultOf } from "./client.ts";

const FLAGS: ChaosRpcFlags = {
  ...{ upstreams: [], rules: [], rulesFile: undefined, isWatching: false, seed: undefined, host: "127.0.0.1", port: 0 },
  ...{ isQuiet: false, isJson: false, isList: false },
};

/** A run of the command within this process. */
class Run {
  stdout = "";
  stderr = "";
  readonly code: Promise<number>;
  readonly #end = Promise.withResolvers<void>();
  #check: () => void = () => undefined;

  constructor(flags: Partial<ChaosRpcFlags>) {
    const context: CommandContext = {
      env: {},
      stdout: {
        write: (text) => {
          this.stdout += text;
          this.#check();
        },
      },
      stderr: { write: (text) => (this.stderr += text) },
      isColoured: false,
      wallNow: () => 0,
      signal: new AbortController().signal,
      ended: this.#end.promise,
    };
    this.code = chaosRpc({ ...FLAGS, ...flags }, context);
  }

  /** What the expression finds in the output first. */
  async find(pattern: RegExp): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#check = () => {
      const found = pattern.exec(this.stdout);
      if (found !== null) resolve(found[1] ?? found[0]);
    };
    this.#check();
    // A run that ends first has failed.
    return Promise.race([promise, this.code.then(() => Promise.reject(new Error(this.stdout + this.stderr)))]);
  }

  async end(): Promise<number> {
    this.#end.resolve();
    return this.code;
  }
}

describe("lockstep chaos-rpc", function () {
  this.timeout(20_000);
  let node: LocalNode;
  let folder: string;
  let file: string;
  const runs: Run[] = [];

  function start(flags: Partial<ChaosRpcFlags>): Run {
    const run = new Run(flags);
    runs.push(run);
    return run;
  }

  before(async () => {
    node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    folder = await mkdtemp(join(tmpdir(), "chaos-rpc-"));
    file = join(folder, "rules.json");
  });

  afterEach(async () => {
    for (const run of runs.splice(0)) await run.end().catch(() => undefined);
  });

  after(async () => {
    await node.stop();
    await rm(folder, { recursive: true });
  });

  it("says where it listens, every lie, and how many there were", async () => {
    const upstreams = [node.url, `${node.wsUrl}/v3/0123456789abcdef0123`];
    const run = start({ upstreams, rules: ["eth_chainId times=2: null", "eth_getLogs: empty"], seed: 5 });
    const url = await run.find(/listening +(http:\S+) and ws:/);
    for (let round = 0; round < 3; round++) await resultOf(url, "eth_chainId");
    await post(url, [{ jsonrpc: "2.0", id: 1, method: "net_version" }]);
    expect(await run.end()).to.equal(0);
    expect(run.stdout.replaceAll(/:\d{4,5}/g, ":PORT").split("\n")).to.deep.equal([
      "listening   http://127.0.0.1:PORT and ws://127.0.0.1:PORT",
      "upstream 0  http://127.0.0.1:PORT",
      "upstream 1  ws://127.0.0.1:PORT/v3/***",
      "seed        5",
      "rule        eth_chainId times=2: null",
      "rule        eth_getLogs: empty",
      "lie         eth_chainId over http to 127.0.0.1  (eth_chainId times=2: null)",
      "lie         eth_chainId over http to 127.0.0.1  (eth_chainId times=2: null)",
      "calls            3  eth_chainId",
      "calls            1  net_version",
      "lies             2  eth_chainId times=2: null",
      "lies             0  eth_getLogs: empty",
      "",
    ]);
    expect(await post(url, "{}").catch((error: unknown) => (error as { code?: unknown }).code)).to.equal(
      "ECONNREFUSED",
    );
  });

  it("says it as JSON, or only the least of it", async () => {
    const run = start({ upstreams: [node.url], rules: ["*: null"], isJson: true, isQuiet: true });
    const url = await run.find(/"url":"([^"]+)"/);
    await resultOf(url, "eth_chainId");
    expect(await run.end()).to.equal(0);
    const [first, last, ...others] = run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(others).to.deep.equal([]);
    expect(first).to.include({ event: "listening", url }).and.to.have.property("seed").that.is.a("number");
    const lies = [{ rule: "*: null", told: 1 }];
    expect(last).to.deep.equal({ event: "ended", calls: { eth_chainId: 1 }, lies });
  });

  it("takes rules from a file after those of the command line, and again when it has changed", async () => {
    await writeFile(file, JSON.stringify(["eth_chainId: empty", { method: "net_version", action: "null" }]));
    const rules = ["eth_chainId times=1: replace 0x1"];
    const run = start({ upstreams: [node.url], rules, rulesFile: file, isWatching: true });
    const url = await run.find(/listening +(http:\S+) and/);
    expect([await resultOf(url, "eth_chainId"), await resultOf(url, "eth_chainId")]).to.deep.equal(["0x1", []]);
    expect(await resultOf(url, "net_version")).to.equal(null);
    await writeFile(file, '["net_version: nul"]');
    expect(await run.find(/unchanged: (.+)/)).to.contain(
      'rule "net_version: nul", at 14: unknown action "nul", did you mean null?',
    );
    expect(await resultOf(url, "net_version")).to.equal(null);
    await writeFile(file, "[]");
    await run.find(/read again: 1\n/);
    expect(await resultOf(url, "net_version")).to.equal("31337");
    await writeFile(file, '["*: upstream 4"]');
    await run.find(/unchanged: no upstream 4/);
    expect(await run.end()).to.equal(0);
  });

  it("ends with 2 for rules, files and upstreams that are none, and says which", async () => {
    const upstreams = [node.url];
    await writeFile(file, '[{"action":"stale"}]');
    const cases: readonly (readonly [Partial<ChaosRpcFlags>, RegExp])[] = [
      [{}, /ChaosUpstream: no upstream/],
      [{ upstreams, rules: ["*: stale"] }, /ChaosRule: rule "\*: stale", at 9: stale: expected blocks/],
      [{ upstreams, rulesFile: file }, /rules\.json: rule 1: blocks: expected a whole number/],
      [{ upstreams, rulesFile: join(folder, "none.json") }, /none\.json: ENOENT/],
      [{ upstreams, rules: ["*: upstream 1"] }, /no upstream 1/],
    ];
    for (const [flags, says] of cases) {
      const run = start(flags);
      expect(await run.code).to.equal(2);
      expect(run.stderr).to.match(says).and.to.contain("--list");
    }
    await writeFile(file, "{}");
    const run = start({ upstreams, rulesFile: file });
    expect(await run.code).to.equal(2);
    expect(run.stderr).to.contain("expected a JSON list of rules");
  });

  it("leaves other faults to the program", async () => {
    const run = start({ upstreams: [node.url], port: Number(new URL(node.url).port) });
    const fault = await run.code.catch((error: unknown) => error);
    expect(KeeperError.is(fault, "ChaosPort")).to.equal(true);
  });

  it("lists every action with its arguments", async () => {
    const run = start({ isList: true });
    expect(await run.code).to.equal(0);
    expect(run.stdout).to.match(/^method\[match\] client=… after=… every=… probability=… times=… forward: action\n/);
    expect(run.stdout).to.match(/\n {2}xor <path> \[<byte>\] \[<mask>\] {2}/);
    expect(run.stdout.split("\n")).to.have.lengthOf(28);
  });
});
