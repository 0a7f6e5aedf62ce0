import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { expect } from "chai";
import { encryptKeystoreJson, Wallet } from "ethers";

import { createProgram } from "../../../keeper/commands/createProgram.ts";
import { CONTRACT_NAMES } from "../../../keeper/config/deployment.ts";
import { addressOf, developmentWallet, ROLES } from "../../../scripts/local/accounts.ts";
import { CONTEXT } from "../../helpers/commandContext.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { LockstepProcess } from "../../helpers/LockstepProcess.ts";
import { startPostgres } from "../../helpers/postgres.ts";
import { GuardedEndpoint } from "../../helpers/secrets/GuardedEndpoint.ts";
import { Planted } from "../../helpers/secrets/Planted.ts";
import { makeCertificates, type Certificates } from "../actions/signers/certificates.ts";
import { SignerServer } from "../actions/signers/SignerServer.ts";
import { HookServer } from "../alerts/HookServer.ts";

/** Enough for a test: what is derived differs in cost only. */
const CHEAP = { scrypt: { N: 1_024, r: 8, p: 1 } };
const ETHER = `0x${(10n ** 19n).toString(16)}`;
const DIST = "dashboard/dist";

describe("a keeper with secrets", function () {
  this.timeout(180_000);
  const planted = new Planted();
  /** Everything that was said or written, by where. */
  const texts = new Map<string, string>();
  const close: (() => Promise<unknown> | void)[] = [];
  const [pauser, attester, poster] = [Wallet.createRandom(), Wallet.createRandom(), Wallet.createRandom()];
  let world: LocalWorld;
  let directory: string;
  let endpoints: Record<
    "one" | "two" | "three" | "page" | "error" | "relay" | "refusing" | "peer" | "view",
    GuardedEndpoint
  >;
  let hooks: HookServer[];
  let signer: SignerServer;
  let certificates: Certificates;
  let env: Record<string, string>;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-secrets-"));
    close.push(() => rm(directory, { recursive: true, force: true }));
    const parameters = { attester: attester.address, pauser: pauser.address };
    world = await LocalWorld.open("anvil", 83, { parameters });
    close.push(() => world.close());
    const from = developmentWallet(ROLES.deployer).address;
    for (const { address } of [pauser, attester, poster]) {
      await world.send("eth_sendTransaction", { from, to: address, value: ETHER });
    }
    await world.trade(8);
    endpoints = await openEndpoints();
    hooks = await Promise.all([1, 2, 3].map(() => HookServer.start()));
    for (const hook of hooks) close.push(() => hook.close());
    certificates = makeCertificates();
    close.push(() => certificates.remove());
    signer = await SignerServer.start({ keys: [poster.privateKey], certificates });
    close.push(() => signer.close());
    env = await settings();
  });

  after(async () => {
    for (const end of close.reverse()) await end();
  });

  async function openEndpoints(): Promise<typeof endpoints> {
    const open = async (name: string, manner: GuardedEndpoint["manner"]): Promise<GuardedEndpoint> => {
      const endpoint = await GuardedEndpoint.open(world.node.url, planted, name, manner);
      close.push(() => endpoint.close());
      return endpoint;
    };
    return {
      ...{ one: await open("source one", "forward"), two: await open("source two", "forward") },
      three: await open("source three", "forward"),
      ...{ page: await open("source with a page", "page"), error: await open("source with an error", "error") },
      ...{ relay: await open("relay", "forward"), refusing: await open("relay that refuses", "error") },
      ...{ peer: await open("peer", "page"), view: await open("view", "nonsense") },
    };
  }

  /** Secrets in every place where a keeper takes one. */
  async function settings(): Promise<Record<string, string>> {
    const file = async (name: string, text: string): Promise<string> => {
      const path = join(directory, name);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    };
    const { chainId, deploymentBlock, contracts: all } = world.market.chain.deployment;
    const contracts = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, all[name]]));
    planted.add("pause key", pauser.privateKey);
    planted.add("attest key", attester.privateKey);
    const password = planted.password("keystore password");
    const keystore = await encryptKeystoreJson(new Wallet(attester.privateKey), password, CHEAP);
    for (const line of certificates.client.key.split("\n").slice(1, -2)) planted.add("client key", line);
    const { one, two, three, page, error, relay, refusing, peer, view } = endpoints;
    const nowhere = new URL(one.url);
    nowhere.port = "9";
    nowhere.protocol = "ws:";
    const good = [one, two, three].map(({ url }, index) => `${url}|operator-${index}|local`);
    const bad = [page.url, error.url, nowhere.href].map((url) => `${url}|broken|local`);
    const [json, slack, pagerduty] = hooks as [HookServer, HookServer, HookServer];
    const hook = ({ url }: HookServer): string => `${url}/services/${planted.key("alert path")}`;
    const alerts = [
      `json|${hook(json)}|${planted.key("alert secret")}`,
      `slack|${hook(slack)}?key=${planted.key("alert query")}`,
      `pagerduty|${planted.key("routing key")}|${pagerduty.url}`,
      `json|http://127.0.0.1:9/${planted.key("alert path of nobody")}`,
    ];
    // A careless sink repeats how it was reached.
    for (const [at, sink] of hooks.entries()) {
      sink.behave = (index) => ({ status: [500, 400, 200][index % 3] ?? 200, page: alerts[at] ?? "" });
    }
    return {
      LOCKSTEP_SOURCES: [...good, ...bad].join(","),
      LOCKSTEP_RELAYS: [relay.url, refusing.url].join(","),
      LOCKSTEP_PEERS: `peer|${peer.bareUrl},stranger|${peer.url}`,
      LOCKSTEP_VIEWS: `view|${view.bareUrl},other|${peer.bareUrl},user|${view.url}`,
      LOCKSTEP_ALERTS_FILE: await file("alerts", alerts.join("\n")),
      LOCKSTEP_DEPLOYMENT: await file("deployment.json", JSON.stringify({ chainId, deploymentBlock, contracts })),
      LOCKSTEP_PAUSE_KEY: pauser.privateKey,
      LOCKSTEP_ATTEST_KEYSTORE: await file("keystore.json", keystore),
      LOCKSTEP_ATTEST_KEYSTORE_PASSWORD_FILE: await file("password", password),
      LOCKSTEP_POST_ADDRESS: addressOf(poster),
      LOCKSTEP_SIGNER_URL: `${signer.url}/${planted.key("path of the signer")}`.replace(/\/[^/]*$/, ""),
      LOCKSTEP_SIGNER_CLIENT_CERT: certificates.client.certPath,
      LOCKSTEP_SIGNER_CLIENT_KEY: certificates.client.keyPath,
      LOCKSTEP_SIGNER_CA: certificates.ca.certPath,
      LOCKSTEP_DATA_DIRECTORY: join(directory, "data"),
      LOCKSTEP_RECORD: join(directory, "recording"),
      LOCKSTEP_CHECKPOINT_INTERVAL_SECONDS: "1",
      LOCKSTEP_SNAPSHOT_INTERVAL_SECONDS: "1",
      LOCKSTEP_READINESS_BLOCKS: "2",
      LOCKSTEP_LOG_LEVEL: "debug",
      LOCKSTEP_API_PORT: "0",
    };
  }

  /** What a command prints, in this process. */
  async function command(args: readonly string[], changed: Readonly<Record<string, string>> = {}): Promise<string> {
    let text = "";
    const write = (piece: string): boolean => {
      text += piece;
      return true;
    };
    let code = -1;
    const context = { ...CONTEXT, env: { ...env, ...changed }, stdout: { write }, stderr: { write } };
    const program = createProgram(context, (status) => (code = status));
    try {
      await program.parseAsync(args, { from: "user" });
    } catch (error: unknown) {
      text += error instanceof Error ? `${error.message} ${JSON.stringify(error)} ${error.stack ?? ""}` : String(error);
    }
    texts.set(`lockstep ${args.slice(0, 2).join(" ")} ${Object.keys(changed).join(" ")} ${texts.size}`, text);
    expect(text, args.join(" ")).to.not.equal("");
    return `${code} ${text}`;
  }

  /** Reads every path of the document, and a few that it has not. */
  async function readApi(api: string): Promise<void> {
    const { paths } = (await (await fetch(`${api}/v1/openapi.json`)).json()) as { paths: Record<string, unknown> };
    const { items } = (await (await fetch(`${api}/v1/incidents`)).json()) as { items?: { id: string }[] };
    const account = `0x${"11".repeat(32)}`;
    for (const template of [
      ...Object.keys(paths),
      "/",
      "/nothing",
      "/v1/accounts?cursor=9999999",
      "/v1/openapi.json",
    ]) {
      if (template === "/v1/events") continue;
      const path = template
        .replace("{account}", account)
        .replace("{instrument}", "1")
        .replace("{id}", items?.[0]?.id ?? account);
      const response = await fetch(`${api}${path}`, { signal: AbortSignal.timeout(10_000) });
      texts.set(`GET ${path}`, JSON.stringify([...response.headers]) + (await response.text()));
    }
  }

  /** Every file below a folder; what is packed is unpacked. */
  function readFolder(folder: string): string[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => {
        const bytes = readFileSync(path);
        texts.set(path, (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1"));
        return path;
      });
  }

  function leaks(): string[] {
    return [...texts].flatMap(([where, text]) => planted.foundIn(text).map((name) => `${name} in ${where}`));
  }

  it("is looked at by something that finds a secret however it is written", () => {
    const own = new Planted();
    const secret = own.password("password");
    const key = own.add("key", `0x${"a1b2c3d4".repeat(8)}`);
    for (const text of [secret, encodeURIComponent(secret), JSON.stringify({ secret }), btoa("user:").slice(0, -1)]) {
      expect(own.foundIn(`before ${text} after`)).to.deep.equal(text.startsWith("dXNl") ? [] : ["password"]);
    }
    for (const before of ["", "u", "us", "user:"]) {
      expect(own.foundIn(Buffer.from(`${before}${secret}@x`).toString("base64"))).to.deep.equal(["password"]);
    }
    expect(own.foundIn(`key=${key.slice(2).toUpperCase()}`)).to.deep.equal(["key"]);
    expect(own.foundIn(Buffer.from(key.slice(2), "hex").toString("base64"))).to.deep.equal(["key"]);
  });

  it("tells none of them to anybody, in what it logs, serves, sends, keeps and prints, while much fails", async () => {
    const keeper = new LockstepProcess(["run"], env);
    close.push(() => keeper.stop());
    const { api } = (await keeper.until("ready")) as { api: string };
    const stream = new AbortController();
    const streamed = readStream(api, stream.signal);
    const endTraffic = new AbortController();
    const traffic = world.market.start(endTraffic.signal, { intervalMs: 400 });
    await keeper.until("snapshot");
    await world.tamper("SyncGuard", `0x${"77".repeat(32)}`, 5n);
    await keeper.until("evidence-bundle");
    endTraffic.abort();
    await traffic;
    await readApi(api);
    await command(["status", "--url", api]);
    await command(["status", "--url", api, "--json"]);
    const [, id] = /"id":"(0x[0-9a-f]{64})"/.exec(await command(["incidents", "list", "--json"])) ?? [];
    await command(["incidents", "show", id ?? "0x"]);
    await command(["incidents", "ack", id ?? "0x", "--reason", "looking", "--yes"]);
    await command(["config"]);
    await command(["config", "--json"]);
    await command(["check", "--timeout", "20s"]);
    await command(["doctor", "--json"]);
    await command(["alerts", "test"]);
    await command(["backup", join(directory, "keeper.backup"), "--with-snapshots", "--with-evidence"]);
    stream.abort();
    texts.set("stream", await streamed);
    expect(await keeper.stop()).to.equal(0);
    texts.set("stdout", keeper.stdout);
    texts.set("stderr", keeper.stderr);
    const received = hooks.flatMap((hook) => hook.received);
    for (const [index, { text, headers }] of received.entries()) {
      // PagerDuty takes its key in the body.
      texts.set(`alert ${index}`, JSON.stringify([headers, { ...(JSON.parse(text) as object), routing_key: "" }]));
    }
    const written = [
      ...readFolder(join(directory, "data")),
      ...readFolder(join(directory, "recording")),
      ...(existsSync(DIST) ? readFolder(DIST) : []),
    ];
    texts.set("backup", readFileSync(join(directory, "keeper.backup"), "latin1"));

    // It did act, and it was refused by all who refuse.
    const { one, page, error, relay, refusing, peer, view } = endpoints;
    for (const { served } of [one, relay]) expect(served).to.be.greaterThan(0);
    for (const { refused } of [page, error, refusing, peer, view]) expect(refused).to.be.greaterThan(0);
    for (const event of ["source-down", "relay-fault", "peer-fault", "alert-failed", "incident"]) {
      expect(keeper.stderr, event).to.include(`"event":"${event}"`);
    }
    expect(written.some((path) => path.endsWith("bundle.lockstep"))).to.equal(true);
    expect(received.length).to.be.greaterThan(2);
    expect(texts.get("stream")).to.include("event: incident");
    expect(leaks()).to.deep.equal([]);
  });

  it("tells none of them when it cannot start, nor when its database goes", async () => {
    texts.clear();
    const server = await startPostgres();
    close.push(() => server.stop());
    planted.add("database password", decodeURIComponent(new URL(server.url).password));
    const wrong = new URL(server.url);
    wrong.password = planted.password("wrong database password");
    const database = { LOCKSTEP_DATABASE_URL: server.url, LOCKSTEP_DATA_DIRECTORY: join(directory, "replica") };
    const keeper = new LockstepProcess(["run", "--json"], { ...env, ...database });
    close.push(() => keeper.stop());
    const { api } = (await keeper.until("ready")) as { api: string };
    await command(["config"], database);
    await command(["backup", join(directory, "replica.backup")], database);
    await server.crash();
    await world.mine(2);
    await keeper.until("store-unavailable");
    texts.set("status without a database", await (await fetch(`${api}/status`)).text());
    await command(["backup", join(directory, "gone.backup")], database);
    await keeper.stop();
    texts.set("stderr", keeper.stderr);
    texts.set("stdout", keeper.stdout);
    texts.set("backup", readFileSync(join(directory, "replica.backup"), "latin1"));
    const secret = planted.password("mistyped");
    const typo = encodeURIComponent(secret);
    await server.revive();
    for (const changed of [
      { LOCKSTEP_SOURCES: `htp://user:${typo}@127.0.0.1` },
      { LOCKSTEP_SOURCES: `127.0.0.1/${secret}` },
      { LOCKSTEP_RELAYS: `http//127.0.0.1/${typo}` },
      { LOCKSTEP_PEERS: `peer:http://127.0.0.1/${typo}` },
      { LOCKSTEP_VIEWS: `view|http://127.0.0.1/${typo}|sometimes` },
      { LOCKSTEP_ALERTS_FILE: "", LOCKSTEP_ALERTS: `slack|${typo}` },
      { LOCKSTEP_PAUSE_KEY: secret },
      { LOCKSTEP_PAUSE_KEY: `${pauser.privateKey}0` },
      { LOCKSTEP_SIGNER_URL: `https://user:${typo}@127.0.0.1:9/?x=${typo}` },
      { LOCKSTEP_DATABASE_URL: `postgres:/u:${typo}@127.0.0.1/x` },
      { ...database, LOCKSTEP_DATABASE_URL: wrong.href },
      { LOCKSTEP_ATTEST_KEYSTORE_PASSWORD_FILE: certificates.client.keyPath },
      { LOCKSTEP_ATTEST_KEYSTORE: certificates.client.keyPath },
    ]) {
      await command(["config"], changed as Record<string, string>);
      await command(["backup", join(directory, "never"), "--force"], changed as Record<string, string>);
    }
    expect(leaks()).to.deep.equal([]);
  });
});

/** What a stream says until it is ended. */
async function readStream(api: string, signal: AbortSignal): Promise<string> {
  let text = "";
  try {
    const { body } = await fetch(`${api}/v1/events`, { signal });
    const decoder = new TextDecoder();
    for await (const chunk of body as AsyncIterable<Uint8Array>) text += decoder.decode(chunk, { stream: true });
  } catch (error: unknown) {
    if (!signal.aborted) throw error;
  }
  return text;
}
