import { expect } from "chai";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import type { Exchange, Source, SourceDeps } from "../../../../keeper/chain/sources/Source.ts";
import { HandlerLog } from "./HandlerLog.ts";
import type { RpcTestServer, Transport } from "./RpcTestServer.ts";
import { hashOf, replyText, startRpcServer } from "./RpcTestServer.ts";

const QUIET: SourceDeps = {
  now: () => performance.now(),
  random: () => 0,
  pollIntervalMs: 60_000,
  heartbeatMs: 60_000,
  probeDeadlineMs: 1_000,
  reconnectBaseMs: 4,
  reconnectMaxMs: 20,
};
const GENEROUS = { deadlineMs: 1_500 };
const TIGHT = { deadlineMs: 40 };

describe("the tap of a source", () => {
  let server: RpcTestServer;
  let source: Source;
  let log: HandlerLog;
  let stop: AbortController;
  let exchanges: Exchange[];

  async function open(transport: Transport, deps: Partial<SourceDeps> = {}): Promise<void> {
    server = await startRpcServer(transport);
    exchanges = [];
    const onExchange = (exchange: Exchange): void => void exchanges.push(exchange);
    const options = { id: "s1", url: server.url, operator: "op", client: "test" };
    source = createSource(options, { ...QUIET, onExchange, ...deps });
    log = new HandlerLog();
    stop = new AbortController();
    source.open(log, stop.signal);
    await log.until("head");
  }

  /** The exchanges of calls to the method. */
  const of = (method: string): Exchange[] => exchanges.filter(({ calls }) => calls[0]?.method === method);

  afterEach(async () => {
    stop.abort();
    await source.close();
    await server.close();
  });

  for (const transport of ["http", "ws", "ipc"] as const) {
    describe(`over ${transport}`, () => {
      it("shows a call with its answer as it was on the wire, before the caller has it", async () => {
        await open(transport);
        const text = '{ "jsonrpc":"2.0",\n "result" : "\\u00e9é",  "id":ID}';
        server.script("odd", ([call], wire) => wire.send(text.replace("ID", String(call!.id))));
        const before = performance.now();
        let seenFirst = false;
        const note = (): boolean => (seenFirst = of("odd").length === 1);
        expect(await source.request("odd", [1, "x"], GENEROUS).finally(note)).to.equal("éé");
        expect(seenFirst).to.equal(true);
        const [exchange] = of("odd");
        expect(exchange).to.include({ source: "s1", kind: "call", fault: null });
        expect(exchange?.text?.replace(/"id":\d+/, '"id":ID')).to.equal(text);
        expect(exchange?.calls).to.deep.equal([{ method: "odd", params: [1, "x"] }]);
        const { sentAtMs, receivedAtMs, settledAtMs } = exchange!;
        const times = [before, sentAtMs, receivedAtMs!, settledAtMs, performance.now()];
        expect(times).to.deep.equal([...times].sort((a, b) => a - b));
      });

      it("shows a batch once, its refused items inside the answer", async () => {
        await open(transport);
        server.script("mixed", (calls, wire) => {
          const refused = JSON.stringify({ jsonrpc: "2.0", id: calls[1]!.id, error: { code: 3, message: "no" } });
          wire.send(`[${replyText(calls[0]!.id, 1)},${refused}]`);
        });
        const calls = [1, 2].map((n) => ({ method: "mixed", params: [n] }));
        await source.batch(calls, GENEROUS);
        expect(of("mixed")).to.have.length(1);
        expect(of("mixed")[0]).to.deep.include({ kind: "batch", calls, fault: null });
        expect(of("mixed")[0]?.text).to.match(/^\[.*"error".*\]$/);
      });

      it("shows what never came as null, with the fault", async () => {
        await open(transport);
        server.script("hang", () => undefined);
        const cancel = new AbortController();
        const calls = [
          source.request("hang", [1], TIGHT),
          source.request("hang", [2], { ...GENEROUS, signal: cancel.signal }),
        ];
        cancel.abort();
        const late = source.request("hang", [3], { ...GENEROUS, signal: cancel.signal });
        await Promise.allSettled([...calls, late]);
        const seen = of("hang").map(({ calls: [call], text, receivedAtMs, fault }) => [
          call?.params[0],
          text,
          receivedAtMs,
          fault,
        ]);
        expect(seen.sort()).to.deep.equal([
          [1, null, null, "SourceTimeout"],
          [2, null, null, "SourceAborted"],
          [3, null, null, "SourceAborted"],
        ]);
      });

      it("shows the text of an answer that is no reply to what was asked", async () => {
        await open(transport);
        server.script("short", ([first], wire) => wire.send(`[${replyText(first!.id, 1)}]`));
        await source.batch(Array(2).fill({ method: "short", params: [] }), GENEROUS);
        expect(of("short").map(({ fault }) => fault)).to.deep.equal(["SourceMalformed"]);
        expect(of("short")[0]?.text).to.match(/"result":1/);
      });

      it("shows the polls and heartbeats as well", async () => {
        await open(transport, { pollIntervalMs: 10, heartbeatMs: 10 });
        while (server.countOf("eth_getBlockByNumber") < 4) await source.request("echo", [], GENEROUS);
        expect(of("eth_getBlockByNumber").length).to.be.at.least(3);
        expect(of("eth_getBlockByNumber")[0]?.text).to.include(hashOf(1));
      });

      it("shows what a lost connection leaves open", async () => {
        await open(transport);
        server.script("drop", () => server.dropAll());
        await Promise.allSettled([source.request("drop", [], GENEROUS)]);
        expect(of("drop").map(({ text, fault }) => [text, fault])).to.deep.equal([[null, "SourceClosed"]]);
      });
    });
  }

  for (const transport of ["ws", "ipc"] as const) {
    describe(`pushed over ${transport}`, () => {
      it("shows each pushed head", async () => {
        await open(transport);
        server.pushHead(2, hashOf(2));
        await log.until("head 2");
        const pushes = exchanges.filter(({ kind }) => kind === "push");
        expect(pushes).to.have.length(1);
        expect(pushes[0]).to.deep.include({ source: "s1", calls: [], fault: null });
        expect(pushes[0]?.text).to.include(hashOf(2));
        expect(pushes[0]?.receivedAtMs).to.equal(log.heads.at(-1)?.receivedAtMs);
      });

      it("shows the garbage that ended a connection", async () => {
        await open(transport);
        server.push('{"method":"eth_subscription","params":7}');
        await log.until("down");
        const pushes = exchanges.filter(({ kind }) => kind === "push");
        expect(pushes.map(({ text, fault }) => [text, fault])).to.deep.equal([
          ['{"method":"eth_subscription","params":7}', "SourceMalformed"],
        ]);
      });

      it("joins the texts of a batch whose items are answered one by one", async () => {
        await open(transport);
        server.script("single", (calls, wire) => calls.forEach(({ id }) => wire.send(replyText(id, "kept"))));
        const items = await source.batch(Array(2).fill({ method: "single", params: [] }), GENEROUS);
        expect(items.map((item) => item.ok && item.result)).to.deep.equal(["kept", "kept"]);
        expect(of("single")).to.have.length(1);
        expect(of("single")[0]?.text?.match(/"kept"\}\{"jsonrpc"/g)).to.have.length(1);
      });
    });
  }
});
