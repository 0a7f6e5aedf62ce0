import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import { doctor } from "../../../keeper/commands/doctor.ts";
import type { DoctorReport } from "../../../keeper/commands/formatDoctor.ts";
import { CONTRACT_NAMES } from "../../../keeper/config/deployment.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { BentProxy } from "../chain/read/BentProxy.ts";

interface Visit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as main.ts does. */
async function visit(flags: Record<string, unknown>, context: Partial<CommandContext> = {}): Promise<Visit> {
  let [stdout, stderr] = ["", ""];
  const code = await doctor(flags, {
    env: {},
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    isColoured: false,
    wallNow: Date.now,
    signal: new AbortController().signal,
    ended: Promise.withResolvers<void>().promise,
    ...context,
  });
  return { code, stdout, stderr };
}

function reportOf({ stdout }: Visit): DoctorReport {
  return JSON.parse(stdout) as DoctorReport;
}

/** The names of checks, or of a source's probes, that have a status. */
function named(results: readonly { readonly name: string; readonly status: string }[], status: string): string[] {
  return results.filter((result) => result.status === status).map(({ name }) => name);
}

describe("lockstep doctor", function () {
  this.timeout(60_000);
  let world: LocalWorld;
  let bent: BentProxy;
  let relay: BentProxy;
  let directory: string;
  let deployment: string;

  before(async () => {
    world = await LocalWorld.open("anvil", 6);
    await world.trade(1);
    bent = await BentProxy.start(world.node.url);
    relay = await BentProxy.start(world.node.url);
    directory = mkdtempSync(join(tmpdir(), "doctor-"));
    deployment = join(directory, "deployment.json");
    const { chainId, deploymentBlock, contracts } = world.market.chain.deployment;
    const known = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contracts[name]]));
    writeFileSync(deployment, JSON.stringify({ chainId, deploymentBlock, contracts: known }));
  });

  afterEach(() => {
    bent.wire = "whole";
    bent.bend = (_, result) => result;
    bent.refuse = () => undefined;
    relay.calls.clear();
  });

  after(async () => {
    rmSync(directory, { recursive: true });
    await bent.close();
    await relay.close();
    await world.close();
  });

  function sources(): string {
    return `${world.node.wsUrl}|one|anvil,${bent.url}/v3/0123456789abcdef0123456789abcdef?key=secret|two|geth`;
  }

  /** The settlement token, which keeps balances in its first variable. */
  function token(): string {
    return world.immutables.settlementAsset;
  }

  /** The settings of a keeper that acts. */
  function acting(): Record<string, unknown> {
    const keys = { pauseKey: world.pauser.privateKey, attestKey: world.keys.attest.privateKey };
    const relays = `${relay.url}/fast/0123456789abcdef0123456789abcdef?key=secret`;
    return { sources: sources(), relays, deployment, tokenSlots: `${token()}:0`, ...keys };
  }

  it("finds a keeper ready, and says so in a table", async () => {
    const { code, stdout, stderr } = await visit(acting());
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/^chain 31337, profile local\n/);
    expect(stdout).to.match(/ {2}ok {4}header {9}block \d+ re-hashes, Prague shape/);
    expect(stdout).to.match(/ {2}ok {4}dry pause {6}a dry run for block \d+ is accepted by 2 sources/);
    expect(stdout).to.match(/ {2}warn {2}client {9}declared as geth, says anvil\S+\n +→ distinct clients/);
    expect(stdout).to.match(/ready, with warnings: \d+ ok, \d+ warnings, 0 failed/);
    expect(stderr).to.equal("");
  });

  it("shows no secret: neither keys nor what a URL holds", async () => {
    for (const json of [false, true]) {
      const { stdout, stderr } = await visit({ ...acting(), json });
      for (const secret of ["0123456789abcdef", "secret", world.pauser.privateKey.slice(2)]) {
        expect(stdout + stderr).to.not.contain(secret);
      }
      expect(stdout).to.contain("/v3/***");
    }
  });

  it("says the same as JSON", async () => {
    const report = reportOf(await visit({ ...acting(), json: true }));
    expect(report).to.include({ chainId: 31_337, profile: "local" });
    expect(report.sources.map(({ id, transport }) => [id, transport])).to.deep.equal([
      ["one", "webSocket"],
      ["two", "http"],
    ]);
    expect(named(report.checks, "warn")).to.deep.equal(["operators"]);
    expect(named(report.checks, "fail")).to.deep.equal([]);
    expect(named(report.checks, "skip")).to.deep.equal([]);
  });

  it("works without a deployment and without keys, and says what it could not try", async () => {
    const visited = await visit({ sources: sources(), json: true });
    expect(visited.code).to.equal(0);
    const report = reportOf(visited);
    expect(report.chainId).to.equal(31_337);
    expect(named(report.checks, "skip")).to.deep.equal([
      ...[
        "contracts",
        "token slots",
        "signers",
        "pause key",
        "pause balance",
        "pause nonce",
        "dry pause",
        "attest key",
        "post nonce",
      ],
      "relay",
    ]);
  });

  it("names a token slot whose proven word is not the balance, and says where none is declared (F13)", async () => {
    const { code, stdout } = await visit({ ...acting(), tokenSlots: `${token()}:3` });
    expect(code).to.equal(1);
    expect(stdout).to.match(
      /fail {2}token slots {4}0x[0-9a-f]{40}:3: the slot proves 0 at block \d+, where balanceOf\(0x[0-9a-f]{40}\) is \d+/,
    );
    const { checks } = reportOf(await visit({ ...acting(), tokenSlots: [], json: true }));
    expect(named(checks, "skip")).to.deep.equal(["token slots"]);
  });

  it("asks a relay which chain it is of, and nothing else", async () => {
    const { checks } = reportOf(await visit({ ...acting(), json: true }));
    expect(checks.filter(({ name }) => name === "relay")).to.deep.equal([
      { name: "relay", status: "ok", detail: "127.0.0.1 answers, and is of chain 31337" },
    ]);
    expect([...relay.calls]).to.deep.equal([["eth_chainId", 1]]);
  });

  it("says when a relay is a source too: then it is no second way", async () => {
    const relays = `${world.node.url}/relay`;
    const { checks } = reportOf(await visit({ ...acting(), relays, json: true }));
    expect(named(checks, "warn")).to.include("relay");
  });

  it("has a heading in docs/doctor.md for each probe, and no other", async () => {
    const { sources: examined, checks } = reportOf(await visit({ ...acting(), json: true }));
    const names = new Set([...examined.flatMap(({ results }) => results), ...checks].map(({ name }) => name));
    const text = readFileSync(new URL("../../../docs/doctor.md", import.meta.url), "utf8");
    const headings = [...text.matchAll(/^### (.*)$/gm)].flatMap(([, heading]) => heading!.split(", "));
    expect(headings).to.have.members([...names]);
  });

  it("counts its probes on a terminal only", async () => {
    const { stderr, stdout } = await visit({ sources: sources() }, { isColoured: true });
    expect(stderr).to.contain("34 of 34 probes");
    expect(stdout).to.contain("\u001b[32mok");
  });

  it("ends with 1 when something failed, and names what follows", async () => {
    bent.refuse = ({ method }) => (method === "eth_getProof" ? "no such method" : undefined);
    const visited = await visit({ ...acting(), json: true });
    expect(visited.code).to.equal(1);
    const report = reportOf(visited);
    expect(named(report.sources[1]!.results, "fail")).to.deep.equal(["account proof", "proof window"]);
    expect(report.checks.find(({ name }) => name === "proofs")).to.include({
      status: "warn",
      detail: "only one proves",
    });
  });

  it("ends with 1 when nobody proves: the keeper would only alert", async () => {
    bent.refuse = ({ method }) => (method === "eth_getProof" ? "no such method" : undefined);
    const flags = { ...acting(), sources: `${bent.url}|one|anvil,${bent.url}/two|two|geth`, json: true };
    const visited = await visit(flags);
    expect(visited.code).to.equal(1);
    const { checks } = reportOf(visited);
    expect(checks.find(({ name }) => name === "proofs")?.advice).to.contain("Unknown (no-proof) and only alert");
    // What is not proven is not said to be so.
    expect(checks.find(({ name }) => name === "contracts")?.status).to.equal("warn");
    expect(checks.find(({ name }) => name === "pause key")?.detail).to.match(/^NoProof/);
  });

  it("ends with 1 when one operator stands alone outside a local chain, with 0 when that is accepted", async () => {
    bent.lie("eth_chainId", () => "0x1");
    const alone = { sources: `${bent.url}|one|anvil`, json: true };
    const refused = await visit(alone);
    expect(refused.code).to.equal(1);
    expect(named(reportOf(refused).checks, "fail")).to.include.members(["operators", "agreement"]);
    expect(named(reportOf(await visit({ ...alone, singleSource: true })).checks, "fail")).to.deep.equal(["agreement"]);
  });

  it("ends with 75 when nobody answers, in bounded time", async () => {
    bent.wire = "hang";
    const flags = { ...acting(), sources: `http://127.0.0.1:1|one|anvil,${bent.url}|two|geth`, requestDeadlineMs: 300 };
    const startedAtMs = performance.now();
    const { code, stdout } = await visit(flags);
    expect(performance.now() - startedAtMs).to.be.below(10_000);
    expect(code).to.equal(75);
    expect(stdout).to.contain("no source answers");
  });

  it("ends when it is told to", async () => {
    bent.wire = "hang";
    const end = new AbortController();
    const visited = visit({ sources: `${bent.url}|one|anvil`, requestDeadlineMs: 60_000 }, { signal: end.signal });
    end.abort();
    expect((await visited).code).to.equal(75);
  });

  it("refuses a configuration without sources", async () => {
    let problem: unknown;
    await visit({}).catch((error: unknown) => (problem = error));
    expect(problem).to.include({ code: "ConfigInvalid" });
  });
});
