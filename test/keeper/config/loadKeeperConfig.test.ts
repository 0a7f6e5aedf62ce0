import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { CONFIG_OPTIONS, optionHelp } from "../../../keeper/config/configOptions.ts";
import { CONFIG_TABLE } from "../../../keeper/config/configTable.ts";
import type { ConfigProblem } from "../../../keeper/config/ConfigProblem.ts";
import { describeConfig } from "../../../keeper/config/describeConfig.ts";
import type { ConfigKey } from "../../../keeper/config/KeeperConfig.ts";
import { KEY_ROLES } from "../../../keeper/config/KeyConfig.ts";
import type { ConfigInputs } from "../../../keeper/config/loadKeeperConfig.ts";
import { loadKeeperConfig } from "../../../keeper/config/loadKeeperConfig.ts";
import { requireSetting } from "../../../keeper/config/requireSetting.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";

const KEY_DIGITS = "4c".repeat(32);
const HASH = `0x${"ab".repeat(32)}`;
const ADDRESS = `0x${"12".repeat(20)}`;
const KEY = `0x${KEY_DIGITS}` as const;

describe("loadKeeperConfig", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lockstep-config-"));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function write(name: string, content: unknown): string {
    const path = join(directory, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  const load = (inputs: Partial<ConfigInputs>) => loadKeeperConfig({ flags: {}, env: {}, ...inputs });

  function refusal(inputs: Partial<ConfigInputs>): { problems: readonly ConfigProblem[]; message: string } {
    try {
      load(inputs);
    } catch (error: unknown) {
      if (!(error instanceof KeeperError)) throw error;
      expect(error.code).to.equal("ConfigInvalid");
      expect((error.stack ?? "") + JSON.stringify(error.payload)).to.not.include(KEY_DIGITS);
      return { problems: error.payload["problems"] as ConfigProblem[], message: error.message };
    }
    throw new Error("the configuration was accepted");
  }

  describe("refusals", () => {
    it("names an unknown variable and what was probably meant", () => {
      const { problems } = refusal({ env: { LOCKSTEP_APIPORT: "1", LOCKSTEP_ZZZZZZ: "1", OTHER: "1" } });
      expect(problems).to.deep.equal([
        { name: "LOCKSTEP_APIPORT", expected: "no such setting; did you mean LOCKSTEP_API_PORT?" },
        { name: "LOCKSTEP_ZZZZZZ", expected: "no such setting" },
      ]);
      expect(load({ env: { LOCKSTEP_ZZZZZZ: "1" }, otherEnv: ["LOCKSTEP_ZZZZZZ"] }).config.json).to.equal(false);
    });

    it("names an unknown key of the file and what was probably meant", () => {
      const file = write("c.json", { source: "x", config: "y", __proto__x: 1 });
      expect(refusal({ file }).problems).to.deep.equal([
        { name: `source in ${file}`, expected: "no such setting; did you mean sources?" },
        { name: `config in ${file}`, expected: "no such setting" },
        { name: `__proto__x in ${file}`, expected: "no such setting" },
      ]);
    });

    it("names key, value and what is expected, all at once", () => {
      const env = { LOCKSTEP_API_PORT: "65536", LOCKSTEP_MODE: "shoot", LOCKSTEP_JSON: "maybe" };
      const { problems, message } = refusal({ env, flags: { proofDepth: "1.5", apiHost: "http://x" } });
      const host = {
        name: "--api-host",
        value: '"http://x"',
        expected: "an IP address or a host name, without scheme and port",
      };
      expect(problems).to.have.deep.members([
        { name: "LOCKSTEP_MODE", value: '"shoot"', expected: "one of watch, alert, act" },
        { name: "LOCKSTEP_API_PORT", value: '"65536"', expected: "a whole number from 0 to 65535" },
        { name: "LOCKSTEP_JSON", value: '"maybe"', expected: "true or false" },
        { name: "--proof-depth", value: '"1.5"', expected: "a whole number from 1 to 8192" },
        host,
      ]);
      for (const { name } of problems) expect(message).to.include(name);
    });

    it("does not repeat a key that is no key", () => {
      const wrong = [`${KEY}00`, KEY_DIGITS.slice(2), "0x" + "00".repeat(32), "0x" + "ff".repeat(32)];
      for (const key of wrong) {
        const { problems, message } = refusal({ env: { LOCKSTEP_PAUSE_KEY: key } });
        expect([problems[0]?.name, problems[0]?.value]).to.deep.equal(["LOCKSTEP_PAUSE_KEY", "***"]);
        expect(message).to.not.include(key.slice(2));
      }
    });

    it("does not repeat a broken file that holds a key", () => {
      const file = write("c.json", `{"pauseKey": "${KEY}" "x"`);
      expect(refusal({ file }).problems).to.deep.equal([
        { name: file, expected: "the file does not hold one JSON object" },
      ]);
    });

    it("refuses a key given by value and by file in one place", () => {
      const path = write("key", KEY);
      const { problems } = refusal({ env: { LOCKSTEP_PAUSE_KEY: KEY, LOCKSTEP_PAUSE_KEY_FILE: path } });
      expect(problems).to.deep.equal([
        { name: "LOCKSTEP_PAUSE_KEY", expected: "given together with LOCKSTEP_PAUSE_KEY_FILE; keep one of them" },
      ]);
    });

    it("names a file that cannot be read, and a key file that holds no key", () => {
      const missing = join(directory, "missing");
      const expected = "a file that can be read (ENOENT)";
      const shown = JSON.stringify(missing);
      expect(refusal({ file: missing }).problems).to.deep.equal([{ name: missing, value: shown, expected }]);
      expect(refusal({ env: { LOCKSTEP_ATTEST_KEY_FILE: missing } }).problems).to.deep.equal([
        { name: "LOCKSTEP_ATTEST_KEY_FILE", value: shown, expected },
      ]);
      const broken = write("key", `${KEY_DIGITS}${KEY_DIGITS}`);
      expect(refusal({ env: { LOCKSTEP_ATTEST_KEY_FILE: broken } }).problems[0]?.value).to.equal("***");
    });

    it("refuses sources that no transport reaches, that are named wrongly or counted twice, hiding their secrets", () => {
      const secret = "0123456789abcdef0123456789abcdef";
      const cases: [string, string][] = [
        [`rpc.example/v3/${secret}`, "***"],
        [`htp://rpc.example/v3/${secret}`, "htp://rpc.example/v3/***"],
        [`https://rpc.example/${secret}|a`, "***"],
        [`https://rpc.example/${secret}|a b|geth`, "https://rpc.example/***"],
        [`https://rpc.example/${secret},https://rpc.example/${secret}|other|geth`, "https://rpc.example/***"],
        ["https://a.example/x?y=1,https://A.EXAMPLE:443/x?y=1|other|geth", "https://a.example/x?y=***"],
        ["https://a.example,", "***"],
      ];
      for (const [sources, shown] of cases) {
        const { problems, message } = refusal({ env: { LOCKSTEP_SOURCES: sources } });
        expect([problems.length, problems[0]?.value], sources).to.deep.equal([1, shown]);
        expect(message).to.not.include(secret);
      }
      for (const sources of [7, {}, [7], [{ url: "http://a", extra: 1 }], [{ url: "http://a", operator: 7 }]]) {
        expect(refusal({ file: write("c.json", { sources }) }).problems.length).to.equal(1);
      }
    });
  });

  describe("precedence", () => {
    it("takes the flag, else the environment, else the file, else the default, and tells which", () => {
      const file = write("c.json", { apiPort: 3, proofDepth: 3, apiHost: "::1" });
      const env = { LOCKSTEP_API_PORT: "2", LOCKSTEP_PROOF_DEPTH: "2", LOCKSTEP_LOG_LEVEL: " " };
      const { config, origins } = load({ flags: { apiPort: "1", notOurs: 1, mode: undefined }, env, file });
      expect([config.apiPort, config.proofDepth, config.apiHost, config.logLevel]).to.deep.equal([1, 2, "::1", "info"]);
      const { apiPort, proofDepth, apiHost, logLevel } = origins;
      expect([apiPort, proofDepth, apiHost, logLevel]).to.deep.equal([
        { kind: "flag", name: "--api-port" },
        { kind: "env", name: "LOCKSTEP_PROOF_DEPTH" },
        { kind: "file", name: `apiHost in ${file}` },
        { kind: "default", name: "default" },
      ]);
    });

    it("takes a key by value over a key by file from a weaker place, and the other way round", () => {
      const path = write("key", `${"5d".repeat(32)}\n`);
      const byValue = load({ flags: { pauseKey: KEY }, env: { LOCKSTEP_PAUSE_KEY_FILE: path } });
      expect(byValue.config.pauseKey).to.equal(KEY);
      const byFile = load({ flags: { pauseKeyFile: path }, env: { LOCKSTEP_PAUSE_KEY: KEY } });
      expect(byFile.config.pauseKey).to.equal(`0x${"5d".repeat(32)}`);
      expect(byFile.origins.pauseKey).to.deep.equal({ kind: "flag", name: "--pause-key-file" });
    });

    it("takes the configuration file of the flag over that of the environment over the given one", () => {
      const [a, b, c] = [1, 2, 3].map((apiPort) => write(`${apiPort}.json`, { apiPort }));
      const env = { LOCKSTEP_CONFIG: b };
      expect(load({ flags: { config: a }, env, file: c! }).config.apiPort).to.equal(1);
      expect(load({ env, file: c! }).config.apiPort).to.equal(2);
      expect(load({ env: { LOCKSTEP_CONFIG: "" }, file: c! }).config.apiPort).to.equal(3);
    });
  });

  it("has the documented defaults", () => {
    expect(load({}).config).to.deep.equal({
      sources: [],
      singleSource: false,
      relays: [],
      peers: [],
      views: [],
      tokenSlots: [],
      viewPausesPerDay: 8,
      viewPersistence: 1,
      alerts: [],
      alertReminderSeconds: 300,
      deployment: undefined,
      mode: "act",
      keeperName: "keeper",
      readinessBlocks: 50,
      pauseKey: undefined,
      attestKey: undefined,
      postKey: undefined,
      pauseKeystore: undefined,
      pauseKeystorePasswordFile: undefined,
      attestKeystore: undefined,
      attestKeystorePasswordFile: undefined,
      postKeystore: undefined,
      postKeystorePasswordFile: undefined,
      pauseAddress: undefined,
      attestAddress: undefined,
      postAddress: undefined,
      signerUrl: undefined,
      signerClientCert: undefined,
      signerClientKey: undefined,
      signerCa: undefined,
      signerDeadlineMs: 1_000,
      checkpointIntervalSeconds: 300,
      dataDirectory: ".lockstep",
      databaseUrl: undefined,
      databaseSchema: "lockstep",
      leaseMs: 3_000,
      apiHost: "127.0.0.1",
      apiPort: 9464,
      logLevel: "info",
      requestDeadlineMs: 2_000,
      hedgeMs: 60,
      profile: undefined,
      finality: undefined,
      confirmations: undefined,
      checkpointDepth: undefined,
      genesisHash: undefined,
      pinnedBlock: undefined,
      record: undefined,
      recordMaxMegabytes: 4_096,
      maxFeePerGasGwei: 5_000,
      proofDepth: 64,
      snapshotIntervalSeconds: 600,
      json: false,
    });
  });

  it("names sources by operator, numbered where one has several, the host being the operator of a bare URL", () => {
    const sources = "wss://a.example/x, https://a.example/y ,/run/geth.ipc|me|geth,http://[::1]:8545";
    const { config } = load({ env: { LOCKSTEP_SOURCES: sources } });
    expect(config.sources).to.deep.equal([
      { id: "a.example-1", url: "wss://a.example/x", operator: "a.example", client: "unknown" },
      { id: "a.example-2", url: "https://a.example/y", operator: "a.example", client: "unknown" },
      { id: "me", url: "/run/geth.ipc", operator: "me", client: "geth" },
      { id: "::1", url: "http://[::1]:8545", operator: "::1", client: "unknown" },
    ]);
    const file = write("c.json", { sources: ["http://a|b|c", { url: "http://d?x=1,2", operator: "e" }] });
    expect(load({ file }).config.sources.map(({ operator, client }) => [operator, client])).to.deep.equal([
      ["b", "c"],
      ["e", "unknown"],
    ]);
  });

  it("gives every source an id of its own, hides keys in hosts, and takes names for one whatever their case", () => {
    const sources = ["http://a|op|c", "http://b|OP|c", "http://c|op-1|c", "https://0123456789abcdef0123.rpc.example"];
    const { config } = load({ flags: { sources: sources.join(",") } });
    expect(config.sources.map(({ id, operator }) => [id, operator])).to.deep.equal([
      ["op-1", "op"],
      ["op-2", "op"],
      ["op-1-2", "op-1"],
      ["***.rpc.example", "***.rpc.example"],
    ]);
  });

  it("posts with the attest key unless told otherwise", () => {
    const attestKey = KEY_DIGITS.toUpperCase();
    expect(load({ flags: { attestKey } }).config.postKey).to.equal(KEY);
    const postKey = `0x${"11".repeat(32)}`;
    expect(load({ flags: { attestKey, postKey } }).config).to.include({ attestKey: KEY, postKey });
  });

  it("resolves paths in the file against the file, and others not at all", () => {
    write("pause.key", KEY);
    const file = write("c.json", { deployment: "d.json", pauseKeyFile: "pause.key", dataDirectory: "/var/x" });
    const { config } = load({ file });
    expect(config).to.include({ deployment: join(directory, "d.json"), pauseKey: KEY, dataDirectory: "/var/x" });
    expect(load({ env: { LOCKSTEP_DEPLOYMENT: "d.json" } }).config.deployment).to.equal("d.json");
  });

  it("is frozen", () => {
    const { config } = load({
      env: { LOCKSTEP_SOURCES: "http://a", LOCKSTEP_VIEWS: "a|http://a", LOCKSTEP_RELAYS: "http://a" },
    });
    const { sources, views, relays } = config;
    for (const value of [config, sources, sources[0], views, views[0], relays, relays[0]]) {
      expect(Object.isFrozen(value)).to.equal(true);
    }
  });

  it("accepts every option from a flag, the environment and the file", () => {
    const keyFile = write("key", KEY);
    const alerts = "slack|https://hooks.example/secret";
    const databaseUrl = "postgres://user:secret@host/database";
    const samples: Record<string, string> = {
      ...{ alerts, alertsFile: write("alerts", alerts) },
      ...{ databaseUrl, databaseUrlFile: write("database", databaseUrl), leaseMs: "5000" },
      ...{
        sources: "http://a",
        views: "a|http://a",
        tokenSlots: `${ADDRESS}:0`,
        peers: "b|http://b",
        relays: "https://relay.example/key",
        mode: "watch",
        logLevel: "warn",
        apiHost: "::",
      },
      ...{ pauseAddress: ADDRESS, attestAddress: ADDRESS, postAddress: ADDRESS, signerUrl: "https://signer.example" },
      ...{ profile: "op-stack", finality: "safe", genesisHash: HASH, pinnedBlock: `7:${HASH}` },
    };
    const remote = { signerUrl: "http://s", pauseAddress: ADDRESS };
    /** What some settings are refused without. */
    const companions: Partial<Record<ConfigKey, Record<string, string>>> = {
      ...{ pauseAddress: remote, attestAddress: remote, postAddress: remote, signerUrl: remote, signerCa: remote },
      signerClientCert: { ...remote, signerClientKey: keyFile },
      signerClientKey: { ...remote, signerClientCert: keyFile },
    };
    for (const role of KEY_ROLES) {
      companions[`${role}Keystore`] = { [`${role}KeystorePasswordFile`]: keyFile };
      companions[`${role}KeystorePasswordFile`] = { [`${role}Keystore`]: keyFile };
    }
    for (const option of CONFIG_OPTIONS) {
      const { [option.name]: _, ...others } = companions[option.key] ?? {};
      const isText = option.flags.includes("<path>") || option.flags.includes("<hex>");
      const text = samples[option.name] ?? (isText ? (option.isSecret ? KEY : keyFile) : "true");
      const raw = CONFIG_TABLE[option.key].parse(text).ok || option.isKeyFile ? text : "77";
      const results = [
        load({ flags: { ...others, [option.name]: raw } }),
        load({ flags: others, env: { [option.env]: raw } }),
        load({ flags: others, file: write("c.json", { [option.name]: raw === "77" ? 77 : raw }) }),
      ];
      const kinds = results.map(({ origins }) => origins[option.key].kind);
      expect(kinds, option.name).to.deep.equal(["flag", "env", "file"]);
      const values = results.map(({ config }) => config[option.key]);
      expect(values[1], option.name).to.deep.equal(values[0]);
      expect(values[2], option.name).to.deep.equal(values[0]);
      expect(values[0], option.name).to.not.deep.equal(CONFIG_TABLE[option.key].default);
    }
  });

  describe("help", () => {
    it("names flag, variable and default of every option", () => {
      const port = CONFIG_OPTIONS.find(({ name }) => name === "apiPort")!;
      expect(port).to.include({ flags: "--api-port <port>", env: "LOCKSTEP_API_PORT", defaultText: "9464" });
      expect(optionHelp(port)).to.match(/\(env LOCKSTEP_API_PORT, default 9464\)$/);
      expect(CONFIG_OPTIONS.map(({ flags }) => flags)).to.include.members([
        "--sources <list>",
        "--single-source",
        "--relays <list>",
        "--peers <list>",
        "--views <list>",
        "--pause-key <hex>",
        "--pause-key-file <path>",
        "--max-fee-per-gas-gwei <gwei>",
        "--json",
      ]);
      for (const option of CONFIG_OPTIONS) expect(optionHelp(option)).to.not.match(/undefined|\[object/);
    });
  });

  describe("describeConfig", () => {
    it("shows every setting and its origin, and no secret", () => {
      const flags = {
        pauseKey: KEY,
        alerts: "slack|https://hooks.example/hunter22,pagerduty|0123456789abcdef0123456789abcdef",
        sources: "https://u:hunter22@a.example/0123456789abcdef0123|op|geth",
        views: "risk|https://u:hunter22@b.example/view?key=0123456789abcdef|pause, fees|http://c.example",
        relays: "https://u:hunter22@d.example/0123456789abcdef0123, http://e.example/fast?key=0123456789abcdef",
      };
      const shown = describeConfig(load({ flags }));
      expect(JSON.stringify(shown)).to.not.match(/hunter22|0123456789abcdef|4c4c4c/);
      const valueOf = (name: string): string | undefined => shown.find(({ key }) => key === name)?.value;
      expect([valueOf("pauseKey"), valueOf("attestKey"), valueOf("apiPort")]).to.deep.equal(["***", "none", "9464"]);
      expect(valueOf("alerts")).to.equal("slack,pagerduty");
      expect(valueOf("sources")).to.equal("https://***@a.example/***|op|geth");
      expect(valueOf("views")).to.equal("risk|https://***@b.example/view?key=***|pause,fees|http://c.example|alert");
      expect(valueOf("relays")).to.equal("https://***@d.example/***,http://e.example/fast?key=***");
      const lists = ["sources", "relays", "peers", "views", "alerts"];
      const unset = describeConfig(load({})).filter(({ key }) => lists.includes(key));
      expect(unset.map(({ value }) => value)).to.deep.equal(lists.map(() => "none"));
    });
  });

  describe("requireSetting", () => {
    it("names every way to set what is missing", () => {
      const { config } = load({ flags: { deployment: "d.json" } });
      expect(requireSetting(config, "deployment")).to.equal("d.json");
      for (const key of ["sources", "pauseKey"] as const) {
        expect(() => requireSetting(config, key))
          .to.throw(KeeperError)
          .with.property("code", "ConfigInvalid");
      }
      expect(() => requireSetting(config, "pauseKey")).to.throw(/--pause-key-file or LOCKSTEP_PAUSE_KEY_FILE/);
    });
  });
});
