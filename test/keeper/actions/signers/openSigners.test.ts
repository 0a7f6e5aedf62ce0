import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encryptKeystoreJson, Wallet } from "ethers";

import { loadKeeperConfig } from "../../../../keeper/config/loadKeeperConfig.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import type { Hex } from "../../../../keeper/lib/hex.ts";
import { openSigners } from "../../../../keeper/openSigners.ts";
import { checkSigners } from "../../../../keeper/probes/signers.ts";
import { readSigners } from "../../../../keeper/readSigners.ts";
import { SignerRoom } from "../../../../keeper/SignerRoom.ts";
import { makeCertificates, type Certificates } from "./certificates.ts";
import { SignerServer } from "./SignerServer.ts";

const PASSWORD = "correct horse";
const [A, B, C] = ["0xa1", "0xb2", "0xc3"].map((start) => `${start}${"11".repeat(31)}` as Hex) as [Hex, Hex, Hex];
const addressOf = (key: Hex): string => new Wallet(key).address.toLowerCase();

interface Line {
  readonly event: string;
  readonly fields: Record<string, unknown>;
}

describe("openSigners", () => {
  let directory: string;
  let certificates: Certificates;
  let keystore: string;
  let server: SignerServer;
  const opened: { close: () => void }[] = [];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "lockstep-signers-"));
    certificates = makeCertificates();
    const account = { address: new Wallet(A).address, privateKey: A };
    keystore = await encryptKeystoreJson(account, PASSWORD, { scrypt: { N: 1_024, r: 8, p: 1 } });
  });
  after(() => {
    certificates.remove();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    server = await SignerServer.start({ keys: [A, B], certificates });
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) one.close();
    await server.close();
  });

  function write(name: string, content: string): string {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  const configOf = (flags: Record<string, unknown>) => loadKeeperConfig({ flags, env: {} }).config;

  const pauseKeystore = (text = keystore, password = PASSWORD): Record<string, string> => ({
    pauseKeystore: write("keystore.json", text),
    pauseKeystorePasswordFile: write("password", password),
  });

  /** Mutual TLS to the server, for the key of `pause`. */
  const remote = (key = A, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    pauseAddress: new Wallet(key).address,
    signerUrl: server.url,
    signerClientCert: certificates.client.certPath,
    signerClientKey: certificates.client.keyPath,
    signerCa: certificates.ca.certPath,
    ...more,
  });

  async function refusalOf(promise: Promise<unknown>): Promise<KeeperError> {
    const outcome = await promise.catch((error: unknown) => error);
    if (KeeperError.is(outcome)) return outcome;
    throw new Error("it was not refused");
  }

  function logTo(lines: Line[]) {
    const note = (event: string, fields: Record<string, unknown> = {}): void => void lines.push({ event, fields });
    return { info: note, warn: note };
  }

  it("opens a key, a keystore and a remote key beside each other, under their addresses", async () => {
    const flags = { ...pauseKeystore(), attestKey: C, postAddress: new Wallet(B).address };
    const { pauseAddress: _, ...tls } = remote();
    const signers = await openSigners(configOf({ ...flags, ...tls }));
    opened.push(...Object.values(signers));
    const seen = Object.entries(signers).map(([role, { address, kind }]) => [role, address, kind]);
    expect(seen).to.deep.equal([
      ["pause", addressOf(A), "keystore"],
      ["attest", addressOf(C), "key"],
      ["post", addressOf(B), "remote"],
    ]);
    for (const signer of Object.values(signers)) await signer.check();
  });

  it("posts with the attest key, wherever that is, unless another one is set", async () => {
    const { pauseAddress: attestAddress, ...rest } = remote();
    const signers = await openSigners(configOf({ ...rest, attestAddress }));
    opened.push(...Object.values(signers));
    expect(signers.post).to.equal(signers.attest);
    expect(signers.pause).to.equal(undefined);
  });

  it("takes one line end from a password's file and nothing else", async () => {
    for (const end of ["", "\n", "\r\n"]) {
      const { pause } = await openSigners(configOf(pauseKeystore(keystore, `${PASSWORD}${end}`)));
      expect(pause?.address).to.equal(addressOf(A));
    }
    for (const end of ["\n\n", " "]) {
      const refusal = await refusalOf(openSigners(configOf(pauseKeystore(keystore, `${PASSWORD}${end}`))));
      expect(refusal.message).to.match(/pauseKeystorePasswordFile .* expected the password of/);
    }
  });

  it("names the setting and the file of a wrong password, of another file, of one cut off, and of none", async () => {
    const missing = join(directory, "missing");
    const cases: [() => Record<string, string>, RegExp][] = [
      [
        () => pauseKeystore(keystore, "wrong one"),
        /PasswordFile is .*password.* expected the password of .*keystore\.json/,
      ],
      [() => pauseKeystore(keystore.slice(0, 99)), /pauseKeystore is .*keystore\.json.*cut off/],
      [() => pauseKeystore("{}"), /pauseKeystore is .*keystore\.json.*"version": 3/],
      [() => ({ ...pauseKeystore(), pauseKeystore: missing }), /pauseKeystore is .*missing.*can be read \(ENOENT\)/],
      [() => ({ ...pauseKeystore(), pauseKeystore: directory }), /pauseKeystore is .*\(EISDIR\)/],
      [() => ({ ...pauseKeystore(), pauseKeystorePasswordFile: missing }), /PasswordFile is .*missing.*\(ENOENT\)/],
    ];
    for (const [flags, expected] of cases) {
      const refusal = await refusalOf(openSigners(configOf(flags())));
      expect(refusal.code).to.equal("ConfigInvalid");
      expect(refusal.message).to.match(expected);
      expect(refusal.stack).to.not.include("wrong one").and.not.include(PASSWORD);
    }
  });

  it("names the setting of a certificate or a key that is none", async () => {
    const none = write("none.pem", "-----BEGIN NOTHING-----\n-----END NOTHING-----\n");
    const text = write("text.pem", "hello");
    const cases: [string, string][] = [
      ["signerCa", text],
      ["signerCa", join(directory, "missing")],
      ["signerClientCert", none],
      ["signerClientCert", certificates.client.keyPath],
      ["signerClientKey", none],
      ["signerClientKey", certificates.stranger.keyPath],
    ];
    for (const [setting, path] of cases) {
      const refusal = await refusalOf(openSigners(configOf(remote(A, { [setting]: path }))));
      expect(refusal.message, `${setting} ${path}`).to.match(
        new RegExp(`^invalid configuration: ${setting} is ${path}`),
      );
    }
  });

  describe("readSigners", () => {
    it("holds no key in a keeper that does not act", async () => {
      const lines: Line[] = [];
      const config = configOf({ pauseKey: A, mode: "alert" });
      expect(await readSigners(config, { chainId: 1, log: logTo(lines) })).to.deep.equal({});
      expect(lines).to.deep.equal([]);
    });

    it("tells the log each address and where it is held, and no secret", async () => {
      const lines: Line[] = [];
      const config = configOf({ pauseKey: A, attestKey: B });
      opened.push(...Object.values(await readSigners(config, { chainId: 1, log: logTo(lines) })));
      expect(lines).to.deep.equal([
        { event: "signer", fields: { key: "pause", address: addressOf(A), kind: "key" } },
        { event: "signer", fields: { key: "attest", address: addressOf(B), kind: "key" } },
        { event: "signer", fields: { key: "post", address: addressOf(B), kind: "key" } },
      ]);
    });

    it("refuses one key for pauses and posts outside a local chain, and warns on one, wherever the key is", async () => {
      const twice = [
        { pauseKey: A, postKey: A },
        { ...pauseKeystore(), attestKey: A },
        { pauseKey: A, postAddress: new Wallet(A).address, signerUrl: server.url },
      ];
      for (const flags of twice) {
        const refusal = await refusalOf(readSigners(configOf(flags), { chainId: 10, log: logTo([]) }));
        expect(refusal.message).to.include("the pause key and the posting key").and.include(addressOf(A));
        const lines: Line[] = [];
        const signers = await readSigners(configOf(flags), { chainId: 31_337, log: logTo(lines) });
        opened.push(...Object.values(signers));
        expect(lines.filter(({ event }) => event === "signer-shared")).to.have.length(1);
      }
    });

    it("warns of a remote signer that is reached without TLS, but for one on this machine", async () => {
      for (const [host, isWarned] of [
        ["signer.internal", true],
        ["127.0.0.1", false],
        ["[::1]", false],
      ] as const) {
        const lines: Line[] = [];
        const config = configOf({ pauseAddress: new Wallet(A).address, signerUrl: `http://${host}:9000` });
        opened.push(...Object.values(await readSigners(config, { chainId: 1, log: logTo(lines) })));
        expect(
          lines.some(({ event }) => event === "signer-unencrypted"),
          host,
        ).to.equal(isWarned);
      }
    });
  });

  describe("SignerRoom", () => {
    it("starts beside a remote signer that is down, says which key cannot sign, and notices that it came back", async () => {
      const lines: Line[] = [];
      server.lie = (_, response) => response.writeHead(503).end("starting");
      const room = await SignerRoom.open(configOf(remote()), { chainId: 1, log: logTo(lines) });
      opened.push(room);
      expect(room.problem).to.equal("the pause key cannot sign: SignerRefused");
      await room.check();
      server.lie = null;
      await room.check();
      expect(room.problem).to.equal(null);
      await room.check();
      server.lie = (_, response) => response.destroy();
      await room.check();
      expect(room.problem).to.equal("the pause key cannot sign: SignerUnreachable");
      expect(lines.map(({ event }) => event)).to.deep.equal([
        ...["signer", "signer-not-ready", "signer-ready", "signer-not-ready"],
      ]);
    });

    it("refuses to start on a remote signer that holds another key", async () => {
      const opening = SignerRoom.open(configOf(remote(C)), { chainId: 1, log: logTo([]) });
      expect((await refusalOf(opening)).code).to.equal("SignerKeyMissing");
    });

    it("asks nothing of keys in this process, and wipes them when it closes", async () => {
      const room = await SignerRoom.open(configOf({ pauseKey: A }), { chainId: 1, log: logTo([]) });
      await room.check();
      expect(room.problem).to.equal(null);
      room.close();
      expect(() => room.signers.pause?.signTypedData({ domainSeparator: A, structHash: B })).to.throw(/was wiped/);
    });
  });

  describe("checkSigners", () => {
    const facts = { warnings: [], isLocal: false };

    it("says where each key is held, or which one cannot sign and what to do", async () => {
      const holders = await openSigners(configOf({ ...remote(), attestKey: C }));
      opened.push(...Object.values(holders));
      const fine = await checkSigners({ ...facts, holders });
      expect([fine.status, fine.detail]).to.deep.equal([
        "ok",
        `pause ${addressOf(A)} (remote), attest ${addressOf(C)} (key), post ${addressOf(C)} (key)`,
      ]);
      expect(await checkSigners({ ...facts, holders, warnings: ["x: chmod it"] })).to.include({ status: "warn" });
      server.lie = (_, response) => response.writeHead(500).end();
      const failed = await checkSigners({ ...facts, holders });
      expect(failed).to.include({
        status: "fail",
        detail: `the pause key ${addressOf(A)} (remote) cannot sign: SignerRefused`,
      });
      expect(failed.advice).to.match(/read its log/);
    });

    it("has nothing to say without keys, and refuses what `run` would refuse", async () => {
      expect(await checkSigners({ ...facts, holders: {} })).to.include({ status: "skip" });
      const holders = await openSigners(configOf({ pauseKey: A, attestKey: A }));
      expect(await checkSigners({ ...facts, holders })).to.include({ status: "fail" });
      expect(await checkSigners({ ...facts, holders, isLocal: true })).to.include({ status: "ok" });
    });
  });
});
