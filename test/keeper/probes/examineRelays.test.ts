import { expect } from "chai";

import { examineRelays, type RelayEndpoint } from "../../../keeper/probes/examineRelays.ts";
import type { ProbeResult } from "../../../keeper/probes/Probe.ts";
import { Relay } from "../../../keeper/Relay.ts";
import { replyText, startRpcServer, type RpcTestServer } from "../chain/sources/RpcTestServer.ts";

const SECRET = "0123456789abcdef0123";

type Script = Parameters<RpcTestServer["script"]>[1];

describe("examineRelays", () => {
  let server: RpcTestServer;
  const open: Relay[] = [];

  before(async () => {
    server = await startRpcServer("http");
  });

  afterEach(() => {
    for (const relay of open.splice(0)) relay.close();
  });

  after(() => server.close());

  function endpoint(id: string, url: string, isSource = false): RelayEndpoint {
    const relay = new Relay({ id, url });
    open.push(relay);
    return { id, isSource, ask: relay.ask.bind(relay) };
  }

  function examine(...relays: RelayEndpoint[]): Promise<ProbeResult[]> {
    const bounds = { deadlineMs: 5_000, signal: new AbortController().signal };
    return examineRelays(relays, { chainId: 31_337, deadlineMs: 300 }, bounds);
  }

  async function examineOne(script: Script, isSource = false): Promise<ProbeResult> {
    server.script("eth_chainId", script);
    const [result] = await examine(endpoint("one", `${server.url}/${SECRET}`, isSource));
    expect(JSON.stringify(result)).to.not.include(SECRET);
    expect(result?.name).to.equal("relay");
    return result!;
  }

  const answer =
    (result: unknown): Script =>
    ([call], wire) =>
      wire.send(replyText(call!.id, result));
  const error: Script = ([call], wire) =>
    wire.send(JSON.stringify({ jsonrpc: "2.0", id: call!.id, error: { code: -32_601, message: `no ${SECRET}` } }));

  it("has one result that says that there is no relay", async () => {
    expect((await examine()).map(({ name, status }) => [name, status])).to.deep.equal([["relay", "skip"]]);
  });

  it("finds a relay of the right chain, and one of another", async () => {
    expect(await examineOne(answer("0x7a69"))).to.deep.include({
      status: "ok",
      detail: "one answers, and is of chain 31337",
    });
    expect(await examineOne(answer("0x1"))).to.include({ status: "fail", detail: "one is of chain 1, expected 31337" });
    expect(await examineOne(answer("mainnet"))).to.include({ status: "fail" });
  });

  it("says of one that does not serve the chain id that it does not, which is no fault of it", async () => {
    const detail = "one answers, and does not say its chain: it does not serve eth_chainId";
    expect(await examineOne(error)).to.deep.equal({ name: "relay", status: "ok", detail });
    expect(await examineOne(error, true)).to.include({ status: "warn", detail: `${detail}, and is a source too` });
  });

  it("tells an HTTP status that may be a refusal of the method from one that is a fault", async () => {
    for (const status of [400, 403, 404, 405]) {
      expect(await examineOne((_, wire) => wire.status(status, SECRET))).to.include({ status: "warn" });
    }
    for (const status of [500, 502, 503]) {
      expect(await examineOne((_, wire) => wire.status(status, SECRET))).to.include({ status: "fail" });
    }
    expect(await examineOne((_, wire) => wire.status(429, ""))).to.include({ status: "warn" });
  });

  it("fails what is no JSON-RPC, what does not answer in time, and what cannot be reached", async () => {
    expect(await examineOne((_, wire) => wire.send("<html>"))).to.include({ status: "fail" });
    const late = await examineOne(() => undefined);
    expect(late).to.include({ status: "fail", detail: "one does not answer: RelayTimeout" });
    const gone = await startRpcServer("http");
    await gone.close();
    server.script("eth_chainId", answer("0x7a69"));
    const results = await examine(endpoint("gone", gone.url), endpoint("here", server.url));
    expect(results.map(({ status }) => status)).to.deep.equal(["fail", "ok"]);
  });
});
