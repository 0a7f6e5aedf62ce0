import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import type { Source } from "../../../../keeper/chain/sources/Source.ts";
import { HandlerLog } from "./HandlerLog.ts";

const ANVIL = resolve("node_modules/.bin/anvil");

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((done) => server.close(() => done()));
  return port;
}

describe("sources of a real node", () => {
  let anvil: ChildProcess;
  let directory: string;
  let urls: string[];
  const stop = new AbortController();
  const sources: Source[] = [];

  before(async function () {
    this.timeout(20_000);
    directory = await mkdtemp(join(tmpdir(), "lockstep-anvil-"));
    const port = await freePort();
    const ipc = join(directory, "anvil.ipc");
    anvil = spawn(ANVIL, ["--port", `${port}`, "--ipc", ipc, "--no-mining"], { stdio: ["ignore", "pipe", "inherit"] });
    // The pipe stays read to the end: a node whose output nobody takes may stop.
    await new Promise<void>((listening, failed) => {
      anvil.stdout!.on("data", (chunk: Buffer) => chunk.includes("Listening") && listening());
      anvil.on("exit", (code) => failed(new Error(`anvil ended with code ${code}`)));
    });
    urls = [`http://127.0.0.1:${port}`, `ws://127.0.0.1:${port}`, ipc];
  });

  after(async () => {
    stop.abort();
    await Promise.all(sources.map((source) => source.close()));
    if (anvil.exitCode === null && anvil.kill()) await once(anvil, "exit");
    await rm(directory, { recursive: true, force: true });
  });

  it("agree on heads, single calls, batches and errors over HTTP, WebSocket and IPC", async () => {
    const logs = urls.map((url, index) => {
      const source = createSource(
        { id: `s${index}`, url, operator: "anvil", client: "anvil" },
        { now: () => performance.now(), pollIntervalMs: 20 },
      );
      const log = new HandlerLog();
      source.open(log, stop.signal);
      sources.push(source);
      return log;
    });
    await Promise.all(logs.map((log) => log.until("head 0")));
    await sources[2]!.request("evm_mine", [], { deadlineMs: 1_000 });
    await Promise.all(logs.map((log) => log.until("head 1")));
    expect(new Set(logs.map((log) => log.heads.at(-1)?.hash)).size).to.equal(1);

    for (const source of sources) {
      const block = await source.request("eth_getBlockByHash", [logs[0]!.heads.at(-1)!.hash, false], {
        deadlineMs: 1_000,
      });
      expect((block as { number: string }).number).to.equal("0x1");
      const items = await source.batch(
        [
          { method: "eth_chainId", params: [] },
          { method: "eth_noSuchMethod", params: [] },
          { method: "eth_getTransactionByHash", params: [`0x${"00".repeat(32)}`] },
        ],
        { deadlineMs: 1_000 },
      );
      const shown = items.map((item) => (item.ok ? item.result : item.error.code));
      expect(shown, source.id).to.deep.equal(["0x7a69", "SourceRpcError", null]);
    }
  });

  it("take answers of several megabytes", async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `0x${index.toString(16).padStart(64, "0")}`);
    const params = [`0x${"11".repeat(20)}`, keys, "latest"];
    for (const source of sources) {
      const proof = await source.request("eth_getProof", params, { deadlineMs: 10_000 });
      expect((proof as { storageProof: unknown[] }).storageProof.length).to.equal(20_000);
    }
  }).timeout(20_000);
});
