import { expect } from "chai";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import type { Source, SourceDeps } from "../../../../keeper/chain/sources/Source.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { HandlerLog } from "./HandlerLog.ts";
import type { RpcTestServer, Transport } from "./RpcTestServer.ts";
import { hashOf, startRpcServer } from "./RpcTestServer.ts";

const DEPS: SourceDeps = {
  now: () => performance.now(),
  random: () => 0,
  pollIntervalMs: 10,
  heartbeatMs: 5_000,
  probeDeadlineMs: 500,
  reconnectBaseMs: 4,
  reconnectMaxMs: 20,
};

type Answer = (id: number) => string | Buffer;

/** Answers that two readers may read differently, or not at all. */
const HOSTILE: Readonly<Record<string, Answer>> = {
  "a result that comes twice": (id) => `{"id":${id},"result":"0x1","result":"0x2"}`,
  "a name twice deep inside": (id) => `{"id":${id},"result":[{"x":{"number":1,"numbe\\u0072":2}}]}`,
  "an id that comes twice": (id) => `{"id":${id},"result":1,"id":${id + 1}}`,
  "nesting without end": (id) => `{"id":${id},"result":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
  "a byte order mark": (id) => `\ufeff{"id":${id},"result":1}`,
  "bytes that are not UTF-8": (id) => Buffer.from(`{"id":${id},"result":"\u00e9"}`, "latin1"),
  "an overlong encoding": (id) =>
    Buffer.concat([Buffer.from(`{"id":${id},"result":"`), Buffer.of(0xc0, 0xa2), Buffer.from('"}')]),
};

describe("hostile bytes", () => {
  let server: RpcTestServer;
  let source: Source;
  let log: HandlerLog;
  let stop: AbortController;

  afterEach(async () => {
    stop.abort();
    await source.close();
    await server.close();
  });

  async function open(transport: Transport): Promise<void> {
    server = await startRpcServer(transport);
    source = createSource({ id: "s1", url: server.url, operator: "op", client: "test" }, DEPS);
    log = new HandlerLog();
    stop = new AbortController();
    source.open(log, stop.signal);
    await log.until("head");
  }

  for (const transport of ["http", "ws", "ipc"] as const) {
    for (const [name, answer] of Object.entries(HOSTILE)) {
      it(`refuses ${name} over ${transport}, and goes on`, async () => {
        await open(transport);
        server.script("hostile", ([call], wire) => wire.send(answer(call!.id)));
        const fault: unknown = await source
          .request("hostile", [], { deadlineMs: 1_000 })
          .catch((error: unknown) => error);
        expect(KeeperError.is(fault, "SourceMalformed"), String(fault)).to.equal(true);
        server.head = { number: "0x2", hash: hashOf(2) };
        await log.until("head 2");
        expect(await source.request("echo", ["again"], { deadlineMs: 1_000 })).to.deep.equal(["again"]);
      });
    }
  }
});
