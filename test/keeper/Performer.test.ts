import { expect } from "chai";
import type { Source, SourceDeps } from "../../keeper/chain/sources/Source.ts";
import { createSource } from "../../keeper/chain/sources/createSource.ts";
import type { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { Input } from "../../keeper/loop/ports.ts";
import { Performer } from "../../keeper/Performer.ts";
import type { Store } from "../../keeper/store/Store.ts";
import { HandlerLog } from "./chain/sources/HandlerLog.ts";
import type { RpcTestServer, Transport } from "./chain/sources/RpcTestServer.ts";
import { hashOf, startRpcServer } from "./chain/sources/RpcTestServer.ts";

const DEPS: SourceDeps = {
  now: () => performance.now(),
  random: () => 0,
  pollIntervalMs: 5_000,
  heartbeatMs: 5_000,
  probeDeadlineMs: 500,
};

interface Sent {
  readonly source: string;
  readonly error: KeeperError | null;
}

/** A performer that can do nothing but ask and broadcast. */
function createPerformer(
  source: Source,
  onSent: (sent: Sent) => void,
  deliver: (input: Input) => void = () => undefined,
): Performer {
  return new Performer({
    sources: new Map([[source.id, source]]),
    relays: { send: () => undefined, close: () => undefined },
    journal: null as unknown as Store,
    signers: {},
    now: () => performance.now(),
    requestDeadlineMs: 1_000,
    deliver,
    onSent: (_, id, error) => onSent({ source: id, error }),
    onFatal: (error) => {
      throw error;
    },
  });
}

describe("Performer", () => {
  let server: RpcTestServer;
  let source: Source;
  let stop: AbortController;

  async function open(transport: Transport, deps: Partial<SourceDeps> = {}): Promise<void> {
    server = await startRpcServer(transport);
    source = createSource({ id: "s1", url: server.url, operator: "op", client: "test" }, { ...DEPS, ...deps });
    const log = new HandlerLog();
    stop = new AbortController();
    source.open(log, stop.signal);
    await log.until("head");
  }

  async function broadcast(): Promise<Sent> {
    const { promise, resolve } = Promise.withResolvers<Sent>();
    createPerformer(source, resolve).perform({ type: "broadcast", purpose: "pause", raw: "0x02", hash: hashOf(7) });
    return promise;
  }

  afterEach(async () => {
    stop.abort();
    await source.close();
    await server.close();
  });

  for (const transport of ["http", "ws", "ipc"] as const) {
    it(`broadcasts over ${transport} to a source that refuses every other call for the rate`, async () => {
      await open(transport);
      const data = { rate: { backoff_seconds: 60 } };
      server.script("limited", ([call], wire) =>
        wire.send(JSON.stringify({ id: call!.id, error: { code: 429, message: "slow down", data } })),
      );
      const [refused] = await source.batch([{ method: "limited", params: [] }], { deadlineMs: 1_000 });
      expect(refused?.ok === false && refused.error.payload["retryAfterMs"]).to.equal(60_000);
      expect(await broadcast()).to.deep.equal({ source: "s1", error: null });
      expect(server.countOf("eth_sendRawTransaction")).to.equal(1);
    });

    it(`broadcasts over ${transport} past calls that hold every slot and fill the queue`, async () => {
      await open(transport, { maxInFlight: 2, maxQueued: 3 });
      server.script("hang", () => undefined);
      const stuck = Array.from({ length: 5 }, () => source.request("hang", [], { deadlineMs: 2_000 }));
      const settled = Promise.allSettled(stuck);
      while (server.countOf("hang") < 2) await new Promise((resolve) => setImmediate(resolve));
      expect(await broadcast()).to.deep.equal({ source: "s1", error: null });
      expect([server.countOf("hang"), server.countOf("eth_sendRawTransaction")]).to.deep.equal([2, 1]);
      await source.close();
      await settled;
    });
  }

  it("sends no more calls in one message than every provider takes, and answers in their order", async () => {
    await open("http");
    const sizes: number[] = [];
    server.script("echo", (calls, wire) => {
      sizes.push(calls.length);
      const items = calls.toReversed().map(({ id, params }) => ({ jsonrpc: "2.0", id, result: params[0] }));
      wire.send(JSON.stringify(items));
    });
    const calls = Array.from({ length: 40 }, (_, index) => ({ method: "echo", params: [`0x${index}`] }));
    const { promise, resolve } = Promise.withResolvers<Input>();
    createPerformer(source, () => undefined, resolve).perform({
      type: "request",
      id: 5,
      source: "s1",
      calls,
      deadlineMs: 1_000,
    });
    const input = await promise;
    expect(sizes.sort((left, right) => left - right)).to.deep.equal([8, 16, 16]);
    expect(input).to.deep.include({ type: "answers", id: 5 });
    expect(input.type === "answers" && input.answers.map((answer) => answer.ok && answer.value)).to.deep.equal(
      calls.map(({ params }) => params[0]),
    );
  });

  it("says what became of a broadcast that a source refuses", async () => {
    await open("http");
    server.script("eth_sendRawTransaction", (_, wire) => wire.status(429, "no", { "retry-after": "60" }));
    for (const count of [1, 2]) {
      const { error } = await broadcast();
      expect(error?.code).to.equal("SourceRateLimited");
      expect(server.countOf("eth_sendRawTransaction")).to.equal(count);
    }
  });
});
