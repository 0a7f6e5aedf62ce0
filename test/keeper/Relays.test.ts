import { expect } from "chai";

import type { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { Relay } from "../../keeper/Relay.ts";
import { Relays } from "../../keeper/Relays.ts";
import {
  hashOf,
  replyText,
  startRpcServer,
  type ReceivedCall,
  type RpcTestServer,
} from "./chain/sources/RpcTestServer.ts";
import { Waiters } from "../helpers/keeper/Waiters.ts";

const SECRET = "0123456789abcdef0123";
const SEND = "eth_sendRawTransaction";

interface Told {
  readonly relay: string;
  readonly hash: Hash;
  readonly fault: KeeperError | null;
}

type Script = Parameters<RpcTestServer["script"]>[1];

describe("Relays", () => {
  let server: RpcTestServer;
  let relays: Relays | null;
  let told: Told[];
  let waiters: Waiters;

  beforeEach(async () => {
    server = await startRpcServer("http");
    [relays, told, waiters] = [null, [], new Waiters()];
  });

  afterEach(async () => {
    relays?.close();
    await server.close();
  });

  function open(deadlineMs: number, ...urls: string[]): Relays {
    const all = urls.map((url, index) => new Relay({ id: `r${index + 1}`, url }));
    relays = new Relays({
      ...{ relays: all, deadlineMs },
      onSent: (relay, hash, fault) => {
        told.push({ relay, hash, fault });
        waiters.wake();
      },
    });
    return relays;
  }

  /** What comes of one transaction at a relay that answers so. */
  async function sendTo(script: Script, deadlineMs = 5_000): Promise<KeeperError | null> {
    server.script(SEND, script);
    open(deadlineMs, `${server.url}/${SECRET}`).send("0x02", hashOf(7));
    await waiters.until(() => told.length === 1);
    expect(told[0]).to.include({ relay: "r1", hash: hashOf(7) });
    return told[0]!.fault;
  }

  const answer =
    (result: unknown): Script =>
    ([call], wire) =>
      wire.send(replyText(call!.id, result));
  const refuse =
    (message: string): Script =>
    ([call], wire) =>
      wire.send(JSON.stringify({ jsonrpc: "2.0", id: call!.id, error: { code: -32_000, message } }));

  it("send the raw transaction and nothing else, and take its hash for a yes", async () => {
    const calls: ReceivedCall[] = [];
    const fault = await sendTo((received, wire) => {
      calls.push(...received);
      answer(hashOf(7).toUpperCase().replace("X", "x"))(received, wire);
    });
    expect(fault).to.equal(null);
    expect(calls.map(({ method, params }) => [method, params])).to.deep.equal([[SEND, ["0x02"]]]);
  });

  it("take for a yes that it is known already, said with or without an HTTP status", async () => {
    expect(await sendTo(refuse("already known"))).to.equal(null);
    told = [];
    const page = JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32_000, message: "AlreadyKnown" } });
    expect(await sendTo((_, wire) => wire.status(400, page))).to.equal(null);
  });

  describe("tell as a fault", () => {
    const FAULTS: readonly (readonly [string, string, Script])[] = [
      ["an error", "RelayRpcError", refuse(`nonce too low for ${SECRET}`)],
      ["another hash", "RelayMalformed", answer(hashOf(8))],
      ["no hash", "RelayMalformed", answer(null)],
      ["an answer to another call", "RelayMalformed", (_, wire) => wire.send(replyText(99, hashOf(7)))],
      ["a list", "RelayMalformed", ([call], wire) => wire.send(`[${replyText(call!.id, hashOf(7))}]`)],
      ["what is no JSON", "RelayMalformed", (_, wire) => wire.send("<html>")],
      ["more than a word", "RelayMalformed", ([call], wire) => wire.send(replyText(call!.id, "0".repeat(20_000)))],
      ["an HTTP status", "RelayHttpStatus", (_, wire) => wire.status(502, `bad gateway ${SECRET}`)],
      ["a redirect", "RelayHttpStatus", (_, wire) => wire.status(307, "", { location: server.url })],
      ["that it is asked too often", "RelayRateLimited", (_, wire) => wire.status(429, "", { "retry-after": "9" })],
      ["a broken connection", "RelayClosed", (_, wire) => wire.breakOff("{")],
    ];
    for (const [what, code, script] of FAULTS) {
      it(`${what}, without what the URL hides`, async () => {
        const fault = await sendTo(script);
        expect(fault).to.include({ code });
        expect(JSON.stringify([fault, fault!.message, fault!.payload])).to.not.include(SECRET);
        expect(server.countOf(SEND)).to.equal(1);
      });
    }

    it("no answer by the deadline", async () => {
      expect(await sendTo(() => undefined, 50)).to.include({ code: "RelayTimeout" });
    });
  });

  it("tell each relay's answer as it comes: one that is away, or hangs, holds up none", async () => {
    const hung = await startRpcServer("http");
    const away = await startRpcServer("http");
    await away.close();
    try {
      hung.script(SEND, () => undefined);
      server.script(SEND, answer(hashOf(7)));
      open(500, hung.url, away.url, server.url).send("0x02", hashOf(7));
      await waiters.until(() => told.length === 2);
      expect(told.map(({ relay, fault }) => [relay, fault?.code]).sort()).to.deep.equal([
        ["r2", "RelayClosed"],
        ["r3", undefined],
      ]);
      await waiters.until(() => told.length === 3);
      expect(told[2]).to.deep.include({ relay: "r1" });
    } finally {
      await hung.close();
    }
  });

  it("do not send again what is under way, and give up the oldest of nine", async () => {
    server.script(SEND, () => undefined);
    const all = open(5_000, server.url);
    for (let byte = 1; byte <= 8; byte += 1) {
      all.send("0x02", hashOf(byte));
      all.send("0x02", hashOf(byte));
    }
    while (server.countOf(SEND) < 8) await new Promise((resolve) => setImmediate(resolve));
    expect(told).to.deep.equal([]);
    all.send("0x02", hashOf(9));
    await waiters.until(() => told.length === 1);
    expect(told[0]).to.include({ hash: hashOf(1) });
    expect(told[0]!.fault).to.include({ code: "RelayAborted" });
    while (server.countOf(SEND) < 9) await new Promise((resolve) => setImmediate(resolve));
  });

  it("say nothing and send nothing once they are closed", async () => {
    server.script(SEND, () => undefined);
    const all = open(5_000, server.url);
    all.send("0x02", hashOf(7));
    while (server.countOf(SEND) < 1) await new Promise((resolve) => setImmediate(resolve));
    all.close();
    all.send("0x02", hashOf(8));
    while (server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(told).to.deep.equal([]);
    expect(server.countOf(SEND)).to.equal(1);
  });
});
