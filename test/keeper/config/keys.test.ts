import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import type { ConfigProblem } from "../../../keeper/config/ConfigProblem.ts";
import { describeConfig } from "../../../keeper/config/describeConfig.ts";
import { KEY_ROLES } from "../../../keeper/config/KeyConfig.ts";
import { loadKeeperConfig, type ConfigInputs } from "../../../keeper/config/loadKeeperConfig.ts";
import { requireKey } from "../../../keeper/config/requireKey.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";

const KEY = `0x${"4c".repeat(32)}`;
/** The first example of EIP-55. */
const CHECKED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const URL = "https://signer.example";

describe("keys in the configuration", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lockstep-keys-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function write(name: string, content: string, mode = 0o600): string {
    const path = join(directory, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  const load = (inputs: Partial<ConfigInputs>) => loadKeeperConfig({ flags: {}, env: {}, ...inputs });

  function problemsOf(inputs: Partial<ConfigInputs>): readonly ConfigProblem[] {
    try {
      load(inputs);
    } catch (error: unknown) {
      if (KeeperError.is(error, "ConfigInvalid")) return error.payload["problems"] as ConfigProblem[];
      throw error;
    }
    throw new Error("the configuration was accepted");
  }

  for (const role of KEY_ROLES) {
    const upper = role.toUpperCase();

    it(`refuses the ${role} key in two places, wherever they are set, and names both`, () => {
      const keyFile = write("key", KEY);
      const places: Record<string, [flags: Record<string, string>, env: Record<string, string>]> = {
        [`LOCKSTEP_${upper}_KEY`]: [{}, { [`LOCKSTEP_${upper}_KEY`]: KEY }],
        [`LOCKSTEP_${upper}_KEY_FILE`]: [{}, { [`LOCKSTEP_${upper}_KEY_FILE`]: keyFile }],
        [`--${role}-keystore`]: [{ [`${role}Keystore`]: "a", [`${role}KeystorePasswordFile`]: "b" }, {}],
        [`--${role}-address`]: [{ [`${role}Address`]: CHECKED, signerUrl: URL }, {}],
      };
      const names = Object.keys(places);
      for (const [index, first] of names.entries()) {
        for (const second of names.slice(index + 1)) {
          if (first.includes("_KEY") && second.includes("_KEY_FILE")) continue;
          const [a, b] = [places[first]!, places[second]!];
          expect(problemsOf({ flags: { ...a[0], ...b[0] }, env: { ...a[1], ...b[1] } })).to.deep.equal([
            { name: first, expected: `given together with ${second}; keep one of them` },
          ]);
        }
      }
    });

    it(`refuses half of a place of the ${role} key, and names the other half`, () => {
      const cases: [string, string, string][] = [
        [`${role}Keystore`, "a", `${role}KeystorePasswordFile`],
        [`${role}KeystorePasswordFile`, "a", `${role}Keystore`],
        [`${role}Address`, CHECKED, "signerUrl"],
      ];
      for (const [key, value, other] of cases) {
        const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
        expect(problemsOf({ flags: { [key]: value } })).to.deep.equal([
          { name: flag, expected: `given with ${other} only` },
        ]);
      }
    });

    it(`counts the ${role} key as set wherever it is, and names every way when it is nowhere`, () => {
      const ways = [
        { [`${role}Key`]: KEY },
        { [`${role}KeyFile`]: write("key", KEY) },
        { [`${role}Keystore`]: "a", [`${role}KeystorePasswordFile`]: "b" },
        { [`${role}Address`]: CHECKED, signerUrl: URL },
      ];
      for (const flags of ways) requireKey(load({ flags }).config, role);
      const missing = new RegExp(
        ["key", "key-file", "keystore", "address"].map((place) => `--${role}-${place} or LOCKSTEP_`).join(".*"),
      );
      expect(() => requireKey(load({}).config, role)).to.throw(KeeperError, missing);
    });
  }

  it("refuses a signer without keys there, and half of what mutual TLS needs", () => {
    const cases: [Record<string, string>, string][] = [
      [{ signerUrl: URL }, "--signer-url"],
      [{ signerUrl: URL, pauseAddress: CHECKED, signerClientCert: "c" }, "--signer-client-cert"],
      [{ signerUrl: URL, pauseAddress: CHECKED, signerClientKey: "k" }, "--signer-client-key"],
      [{ signerClientCert: "c", signerClientKey: "k" }, "--signer-client-cert"],
      [{ signerCa: "c" }, "--signer-ca"],
    ];
    for (const [flags, name] of cases) {
      const problems = problemsOf({ flags });
      expect(problems.map((problem) => problem.name)).to.deep.equal([name]);
    }
  });

  it("reads addresses in either case, and refuses a mixed one whose checksum is wrong", () => {
    const addressOf = (pauseAddress: string): unknown =>
      load({ flags: { pauseAddress, signerUrl: URL } }).config.pauseAddress;
    for (const text of [CHECKED, CHECKED.toLowerCase(), CHECKED.toUpperCase().replace("0X", "0x"), ` ${CHECKED} `]) {
      expect(addressOf(text)).to.equal(CHECKED.toLowerCase());
    }
    const swapped = CHECKED.replace("aAeb", "AAeb");
    for (const text of [
      swapped,
      CHECKED.slice(2),
      `${CHECKED}00`,
      CHECKED.slice(0, -1),
      "0x",
      `${CHECKED.slice(0, -1)}g`,
    ]) {
      expect(() => addressOf(text), text).to.throw(KeeperError, /--pause-address/);
    }
  });

  it("refuses a signer URL of another kind, and hides what it holds, there and in the description", () => {
    const secret = "hunter22hunter22hunter22";
    for (const url of [
      `wss://u:${secret}@signer.example`,
      `signer.example/${secret}?a`,
      `/run/${secret}?`,
      "https://",
    ]) {
      const [problem] = problemsOf({ flags: { signerUrl: url, pauseAddress: CHECKED } });
      expect(problem?.name).to.equal("--signer-url");
      expect(JSON.stringify(problem)).to.not.include(secret);
    }
    const flags = { signerUrl: `https://u:${secret}@signer.example:9000/${secret}`, pauseAddress: CHECKED };
    const shown = describeConfig(load({ flags }));
    expect(JSON.stringify(shown)).to.not.include(secret);
    expect(shown.find(({ key }) => key === "signerUrl")?.value).to.equal("https://***@signer.example:9000/***");
    expect(describeConfig(load({})).find(({ key }) => key === "signerUrl")?.value).to.equal("none");
  });

  it("posts with the attest key unless the posting key is anywhere else", () => {
    const attestKey = KEY;
    const elsewhere = [
      { postKeystore: "a", postKeystorePasswordFile: "b" },
      { postAddress: CHECKED, signerUrl: URL },
    ];
    for (const flags of elsewhere) expect(load({ flags: { attestKey, ...flags } }).config.postKey).to.equal(undefined);
    expect(load({ flags: { attestKey } }).config.postKey).to.equal(KEY);
  });

  it("resolves paths in the file against the file", () => {
    const file = write("c.json", JSON.stringify({ pauseKeystore: "p.json", pauseKeystorePasswordFile: "p.txt" }));
    expect(load({ file }).config).to.include({
      pauseKeystore: join(directory, "p.json"),
      pauseKeystorePasswordFile: join(directory, "p.txt"),
    });
  });

  it("warns of every file with a secret that others may open, by the name it was given under", () => {
    const [open, group, closed] = [write("open", KEY, 0o644), write("group", KEY, 0o640), write("closed", KEY, 0o600)];
    const flags = {
      pauseKeyFile: open,
      attestKeystore: closed,
      attestKeystorePasswordFile: group,
      ...{ postAddress: CHECKED, signerUrl: URL, signerClientCert: open, signerClientKey: group },
    };
    expect(load({ flags }).warnings).to.deep.equal([
      `--pause-key-file: others may open ${open} (mode 644): \`chmod 600\` it`,
      `--signer-client-key: others may open ${group} (mode 640): \`chmod 600\` it`,
      `--attest-keystore-password-file: others may open ${group} (mode 640): \`chmod 600\` it`,
    ]);
    expect(load({ env: { LOCKSTEP_PAUSE_KEY_FILE: closed } }).warnings).to.deep.equal([]);
    expect(
      load({ flags: { pauseKeystore: "/nowhere", pauseKeystorePasswordFile: "/nowhere" } }).warnings,
    ).to.deep.equal([]);
  });
});
