import { expect } from "chai";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import type { Source, SourceDeps } from "../../../../keeper/chain/sources/Source.ts";
import { HandlerLog } from "./HandlerLog.ts";
import type { RpcTestServer, Transport } from "./RpcTestServer.ts";
import { hashOf, replyText, startRpcServer } from "./RpcTestServer.ts";

const FAST: SourceDeps = {
  now: () => performance.now(),
  random: () => 0,
  pollIntervalMs: 10,
  heartbeatMs: 40,
  probeDeadlineMs: 60,
  reconnectBaseMs: 4,
  reconnectMaxMs: 20,
};

/** Generous where the answer decides, tight where the deadline does. */
const GENEROUS = { deadlineMs: 1_500 };
const TIGHT = { deadlineMs: 40 };

async function faultOf(promise: Promise<unknown>): Promise<KeeperError> {
  try {
    await promise;
  } catch (error: unknown) {
    if (error instanceof KeeperError) return error;
    throw error;
  }
  throw new Error("the call succeeded");
}

describe("createSource", () => {
  let server: RpcTestServer;
  let source: Source;
  let log: HandlerLog;
  let stop: AbortController;

  async function open(transport: Transport, deps: Partial<SourceDeps> = {}): Promise<void> {
    server = await startRpcServer(transport);
    source = createSource({ id: "s1", url: server.url, operator: "op", client: "test" }, { ...FAST, ...deps });
    log = new HandlerLog();
    stop = new AbortController();
    source.open(log, stop.signal);
  }

  afterEach(async () => {
    stop.abort();
    await source.close();
    await server.close();
  });

  for (const transport of ["http", "ws", "ipc"] as const) {
    describe(`over ${transport}`, () => {
      it("reports up before the first head, and the head that the node has", async () => {
        await open(transport);
        await log.until("head");
        expect(log.events).to.deep.equal(["up", "head 1 01"]);
        expect(log.heads[0]?.hash).to.equal(hashOf(1));
      });

      it("serves calls made before the connection stands", async () => {
        await open(transport);
        expect(await source.request("echo", ["early"], GENEROUS)).to.deep.equal(["early"]);
      });

      it("distinguishes a null result from an error object", async () => {
        await open(transport);
        server.script("eth_getTransactionReceipt", ([call], wire) => wire.send(replyText(call!.id, null)));
        server.script("eth_call", ([call], wire) =>
          wire.send(
            JSON.stringify({ jsonrpc: "2.0", id: call!.id, error: { code: 3, message: "reverted", data: "0x08" } }),
          ),
        );
        expect(await source.request("eth_getTransactionReceipt", ["0x"], GENEROUS)).to.equal(null);
        const fault = await faultOf(source.request("eth_call", [], GENEROUS));
        expect(fault.code).to.equal("SourceRpcError");
        expect(fault.payload).to.deep.equal({
          source: "s1",
          method: "eth_call",
          rpcCode: 3,
          rpcMessage: "reverted",
          data: "0x08",
        });
      });

      it("times out a call that is never answered, and serves the next one", async () => {
        await open(transport);
        server.script("hang", () => undefined);
        const fault = await faultOf(source.request("hang", [], TIGHT));
        expect([fault.code, fault.payload["deadlineMs"]]).to.deep.equal(["SourceTimeout", 40]);
        expect(await source.request("echo", [1], GENEROUS)).to.deep.equal([1]);
      });

      it("ignores an answer that comes after the deadline", async () => {
        await open(transport);
        let answerLate = (): void => undefined;
        server.script("late", ([call], wire) => (answerLate = () => wire.send(replyText(call!.id, "old"))));
        expect((await faultOf(source.request("late", [], TIGHT))).code).to.equal("SourceTimeout");
        answerLate();
        expect(await source.request("echo", ["new"], GENEROUS)).to.deep.equal(["new"]);
        expect(log.events.filter((event) => event.startsWith("down"))).to.deep.equal([]);
      });

      it("cancels a call when its signal aborts", async () => {
        await open(transport);
        server.script("hang", () => undefined);
        const cancel = new AbortController();
        const call = faultOf(source.request("hang", [], { ...GENEROUS, signal: cancel.signal }));
        cancel.abort(new Error("changed my mind"));
        const fault = await call;
        expect(fault.code).to.equal("SourceAborted");
        expect(fault.cause).to.equal(cancel.signal.reason);
        const again = await faultOf(source.request("echo", [], { ...GENEROUS, signal: cancel.signal }));
        expect(again.code).to.equal("SourceAborted");
      });

      it("matches the answers of a batch by id in any order", async () => {
        await open(transport);
        server.script("shuffled", (calls, wire) => {
          const replies = calls.map(({ id, params }) => replyText(id, params[0]));
          wire.send(`[${replies.reverse().join(",")}]`);
        });
        const calls = ["a", "b", "c"].map((name) => ({ method: "shuffled", params: [name] }));
        const items = await source.batch(calls, GENEROUS);
        expect(items.map((item) => item.ok && item.result)).to.deep.equal(["a", "b", "c"]);
      });

      it("fails only the items which the answer to a batch leaves out or refuses", async () => {
        await open(transport);
        server.script("partial", ([first, second], wire) => {
          const refused = { jsonrpc: "2.0", id: second!.id, error: { code: -32000, message: "no" } };
          wire.send(`[${JSON.stringify(refused)},{"id":999999,"result":1},7,${replyText(first!.id, "kept")}]`);
        });
        const items = await source.batch(Array(3).fill({ method: "partial", params: [] }), GENEROUS);
        expect(items.map((item) => (item.ok ? item.result : item.error.code))).to.deep.equal([
          "kept",
          "SourceRpcError",
          "SourceMalformed",
        ]);
      });

      it("gives every item of a batch the error that refuses the whole", async () => {
        await open(transport);
        await log.until("head");
        const refusal = { jsonrpc: "2.0", id: null, error: { code: -32600, message: "batch too large" } };
        server.script("many", (_, wire) => wire.send(JSON.stringify(refusal)));
        const items = await source.batch(Array(2).fill({ method: "many", params: [] }), TIGHT);
        const codes = items.map((item) => (item.ok ? "ok" : item.error.payload["rpcCode"]));
        expect(codes).to.deep.equal([-32600, -32600]);
      });

      it("times out each item of a batch that is never answered", async () => {
        await open(transport);
        server.script("hang", () => undefined);
        const items = await source.batch(Array(2).fill({ method: "hang", params: [] }), TIGHT);
        expect(items.map((item) => (item.ok ? "ok" : item.error.code))).to.deep.equal([
          "SourceTimeout",
          "SourceTimeout",
        ]);
        expect(await source.batch([], TIGHT)).to.deep.equal([]);
      });

      it("calls an answer malformed that is no JSON or no reply", async () => {
        await open(transport, { heartbeatMs: 5_000 });
        server.script("noResult", ([call], wire) => wire.send(`{"jsonrpc":"2.0","id":${call!.id}}`));
        server.script("both", ([call], wire) =>
          wire.send(`{"id":${call!.id},"result":1,"error":{"code":1,"message":""}}`),
        );
        server.script("badError", ([call], wire) => wire.send(`{"id":${call!.id},"error":"oops"}`));
        server.script("garbage", (_, wire) => wire.send("{]}{\n"));
        for (const method of ["noResult", "both", "badError", "garbage"]) {
          expect((await faultOf(source.request(method, [], GENEROUS))).code, method).to.equal("SourceMalformed");
        }
      });

      it("fails a call whose connection breaks in the middle of the answer", async () => {
        await open(transport);
        server.script("broken", (_, wire) => wire.breakOff('{"jsonrpc":"2.0",'));
        const fault = await faultOf(source.request("broken", [], GENEROUS));
        expect(fault.code).to.equal("SourceClosed");
      });

      it("refuses an answer above the cap", async () => {
        await open(transport, { maxAnswerBytes: 2_000 });
        server.script("big", ([call], wire) => wire.send(replyText(call!.id, "x".repeat(2_000))));
        const fault = await faultOf(source.request("big", [], GENEROUS));
        expect([fault.code, fault.payload["maxAnswerBytes"]]).to.deep.equal(["SourceMalformed", 2_000]);
      });

      it("does not let hostile keys reach a prototype", async () => {
        await open(transport);
        const hostile = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
        server.script("hostile", ([call], wire) => wire.send(`{"id":${call!.id},"result":${hostile}}`));
        const result = (await source.request("hostile", [], GENEROUS)) as object;
        expect(({} as Record<string, unknown>)["polluted"]).to.equal(undefined);
        expect(Object.getPrototypeOf(result)).to.equal(Object.prototype);
        server.script("inherited", (_, wire) => wire.send('{"__proto__":{"id":3,"result":1}}'));
        expect((await faultOf(source.request("inherited", [], TIGHT))).code).to.be.oneOf([
          "SourceMalformed",
          "SourceTimeout",
        ]);
      });

      it("asks for its head even while its callers hold every slot", async () => {
        await open(transport, { maxInFlight: 1, maxQueued: 1 });
        server.script("hang", () => undefined);
        const calls = [1, 2].map(() => faultOf(source.request("hang", [], { deadlineMs: 150 })));
        await log.until("head 1");
        server.head = { number: "0x2", hash: hashOf(2) };
        await log.until("head 2");
        expect((await Promise.all(calls)).map((fault) => fault.code)).to.deep.equal(["SourceTimeout", "SourceTimeout"]);
        expect(log.events).to.deep.equal(["up", "head 1 01", "head 2 02"]);
      });

      it("bounds the calls on the wire and refuses beyond the queue", async () => {
        await open(transport, { maxInFlight: 2, maxQueued: 3, heartbeatMs: 5_000 });
        await log.until("head");
        const waiting: (() => void)[] = [];
        server.script("slow", ([call], wire) => waiting.push(() => wire.send(replyText(call!.id, call!.params[0]))));
        const calls = [1, 2, 3, 4, 5, 6].map((n) => source.request("slow", [n], GENEROUS));
        const refused = await faultOf(calls[5]!);
        expect(refused.code).to.equal("SourceBusy");
        let mostAtOnce = 0;
        for (let answered = 0; answered < 5; answered++) {
          while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
          mostAtOnce = Math.max(mostAtOnce, waiting.length);
          waiting.shift()!();
        }
        expect(await Promise.all(calls.slice(0, 5))).to.deep.equal([1, 2, 3, 4, 5]);
        expect(server.countOf("slow")).to.equal(5);
        expect(mostAtOnce).to.be.at.most(2);
      });

      it("goes down when the server drops it, comes back, and says its head again", async () => {
        await open(transport);
        await log.until("head");
        server.script("eth_getBlockByNumber", (_, wire) => wire.status(503, "restarting"));
        server.dropAll();
        await log.until("down");
        server.unscript("eth_getBlockByNumber");
        server.head = { number: "0x2", hash: hashOf(2) };
        await log.until("head 2");
        const words = log.events.map((event) => event.split(" ").slice(0, 1).join(""));
        expect(words).to.deep.equal(["up", "head", "down", "up", "head"]);
      });

      it("notices a node that is silent on an open connection", async () => {
        await open(transport);
        await log.until("head");
        server.freeze();
        await log.until("down");
        expect(log.events.at(-1)).to.match(/^down SourceTimeout/);
      });

      it("tells nothing after its signal aborts, and settles what waits", async () => {
        await open(transport);
        await log.until("head");
        server.script("hang", () => undefined);
        const call = faultOf(source.request("hang", [], GENEROUS));
        stop.abort();
        await source.close();
        expect((await call).code).to.equal("SourceClosed");
        expect((await faultOf(source.request("echo", [], GENEROUS))).code).to.equal("SourceClosed");
        expect(log.events).to.deep.equal(["up", "head 1 01"]);
        await source.close();
      });

      it("refuses a call before it is opened", async () => {
        await open(transport);
        const other = createSource({ id: "s2", url: server.url, operator: "op", client: "test" }, FAST);
        expect((await faultOf(other.request("echo", [], GENEROUS))).code).to.equal("SourceClosed");
        await other.close();
      });
    });
  }

  for (const transport of ["ws", "ipc"] as const) {
    describe(`pushed over ${transport}`, () => {
      it("announces each pushed head once, and a return to an earlier one", async () => {
        await open(transport, { heartbeatMs: 5_000 });
        await log.until("head");
        for (const [number, byte] of [
          [2, 2],
          [2, 2],
          [3, 3],
          [3, 4],
          [3, 3],
        ] as const) {
          server.pushHead(number, hashOf(byte));
        }
        await log.until("head 3 03", 2);
        expect(log.events).to.deep.equal(["up", "head 1 01", "head 2 02", "head 3 03", "head 3 04", "head 3 03"]);
      });

      it("does not fall back to a fetched head when a newer one was pushed meanwhile", async () => {
        await open(transport, { heartbeatMs: 20 });
        await log.until("head 1");
        server.script("eth_getBlockByNumber", ([call], wire) => {
          server.unscript("eth_getBlockByNumber");
          server.pushHead(5, hashOf(5));
          wire.send(replyText(call!.id, { number: "0x4", hash: hashOf(4) }));
        });
        await log.until("head 5");
        const before = server.countOf("eth_getBlockByNumber");
        while (server.countOf("eth_getBlockByNumber") < before + 2) await source.request("echo", [], GENEROUS);
        expect(log.events).to.deep.equal(["up", "head 1 01", "head 5 05"]);
      });

      it("does not fall back to a pushed head that the fetched one has overtaken", async () => {
        await open(transport, { heartbeatMs: 20 });
        await log.until("head 1");
        server.script("eth_getBlockByNumber", ([call], wire) => {
          server.unscript("eth_getBlockByNumber");
          wire.send(replyText(call!.id, { number: "0x4", hash: hashOf(4) }));
        });
        await log.until("head 4");
        server.pushHead(3, hashOf(3));
        server.pushHead(4, hashOf(4));
        // Another branch at the height is no late word.
        server.pushHead(4, hashOf(5));
        server.pushHead(6, hashOf(6));
        await log.until("head 6");
        expect(log.events).to.deep.equal(["up", "head 1 01", "head 4 04", "head 4 05", "head 6 06"]);
      });

      it("goes back with a node that went back in the moment after it was asked, by asking it again", async () => {
        await open(transport, { heartbeatMs: 20 });
        await log.until("head 1");
        server.head = { number: "0x4", hash: hashOf(4) };
        await log.until("head 4");
        server.pushHead(3, hashOf(3));
        await log.until("head 3");
        expect(log.events).to.deep.equal(["up", "head 1 01", "head 4 04", "head 3 03"]);
      });

      it("keeps the items of a batch that were answered alone when the others time out", async () => {
        await open(transport);
        server.script("single", ([, second], wire) => wire.send(replyText(second!.id, "kept")));
        const items = await source.batch(Array(2).fill({ method: "single", params: [] }), TIGHT);
        expect(items.map((item) => (item.ok ? item.result : item.error.code))).to.deep.equal(["SourceTimeout", "kept"]);
      });

      it("fills a head which the subscription lost", async () => {
        await open(transport);
        await log.until("head 1");
        server.head = { number: "0x2", hash: hashOf(2) };
        await log.until("head 2");
        expect(log.events).to.deep.equal(["up", "head 1 01", "head 2 02"]);
      });

      it("polls a node that knows no subscriptions", async () => {
        await open(transport, { heartbeatMs: 60_000 });
        server.dropAll();
        server.script("eth_subscribe", ([call], wire) =>
          wire.send(JSON.stringify({ id: call!.id, error: { code: -32601, message: "method not found" } })),
        );
        await log.until("head 1");
        server.dropAll();
        await log.until("head 1", 2);
        server.head = { number: "0x2", hash: hashOf(2) };
        await log.until("head 2");
      });

      it("drops a node that pushes something else than heads", async () => {
        await open(transport);
        await log.until("head");
        server.push('{"jsonrpc":"2.0","method":"eth_subscription","params":{"result":{"number":"latest"}}}');
        await log.until("down");
        expect(log.events.at(-1)).to.match(/^down SourceMalformed/);
      });

      it("fails at once, not at the deadline, while it is disconnected", async () => {
        await open(transport, { reconnectBaseMs: 10_000, reconnectMaxMs: 10_000 });
        await log.until("head");
        server.dropAll();
        await log.until("down");
        const fault = await faultOf(source.request("echo", [], { deadlineMs: 60_000 }));
        expect(fault.code).to.equal("SourceClosed");
      });
    });
  }

  it("reports the HTTP status of a refusal and repeats no secret of the page", async () => {
    await open("http");
    server.script("refused", (_, wire) => wire.status(401, "bad key https://rpc.example/v3/0123456789abcdef0123"));
    const fault = await faultOf(source.request("refused", [], GENEROUS));
    expect([fault.code, fault.payload["status"]]).to.deep.equal(["SourceHttpStatus", 401]);
    expect(fault.message).to.include("https://rpc.example/v3/***").and.not.include("0123456789abcdef");
  });

  it("shows neither in a message nor in a payload what the URL hides", async () => {
    await open("http");
    const secret = "s3cretS3cretS3cretS3cret";
    for (const base of ["http://user:PASS@127.0.0.1:1", "ws://user:PASS@127.0.0.1:1"]) {
      const url = `${base.replace("PASS", secret)}/v3/${secret}?apikey=${secret}#${secret}`;
      const hidden = createSource({ id: "s2", url, operator: "op", client: "test" }, FAST);
      const hiddenLog = new HandlerLog();
      hidden.open(hiddenLog, stop.signal);
      const fault = await faultOf(hidden.request("echo", [], GENEROUS));
      await hiddenLog.until("down");
      const shown = JSON.stringify([fault.message, fault.payload, fault.stack, hidden.redactedUrl, hiddenLog.events]);
      expect(shown).to.not.include(secret);
      expect(hidden.redactedUrl).to.include("***@127.0.0.1:1/v3/***?apikey=***");
      await hidden.close();
    }
  });

  it("refuses a URL that no transport can reach, without repeating it", async () => {
    await open("http");
    for (const url of ["ftp://host/v3/0123456789abcdef0123", "nonsense", "http://", "ipc://host/x"]) {
      try {
        createSource({ id: "s2", url, operator: "op", client: "test" }, FAST);
        expect.fail(url);
      } catch (error: unknown) {
        expect((error as KeeperError).code).to.equal("SourceUrlInvalid");
        expect((error as KeeperError).message).to.not.include("0123456789abcdef");
      }
    }
  });
});
