import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { startNode } from "../../../scripts/local/startNode.ts";

const HOST = "127.0.0.1";
/** A parent that starts a node, prints its id and waits to be killed. */
const PARENT = `
  const { startNode } = await import("${new URL("../../../scripts/local/startNode.ts", import.meta.url).href}");
  const signal = new AbortController().signal;
  const { pid, url } = await startNode({ chain: "anvil", port: 0, host: "${HOST}", signal });
  process.stdout.write(JSON.stringify({ pid, url }));
`;

/** A parent that starts a node, mines, says so, and stops the node once its input ends. */
const MINER = `
  const { startNode } = await import("${new URL("../../../scripts/local/startNode.ts", import.meta.url).href}");
  const { callNode } = await import("${new URL("../../../scripts/local/callNode.ts", import.meta.url).href}");
  const signal = new AbortController().signal;
  const node = await startNode({ chain: "anvil", port: 0, host: "${HOST}", signal });
  for (let at = 0; at < 40; at += 1) await callNode(node.url, "anvil_mine", ["0x14"]);
  process.stdout.write("mined");
  process.stdin.on("end", () => void node.stop()).resume();
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function faultOf(promise: Promise<unknown>): Promise<KeeperError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!KeeperError.is(error)) throw new Error("no fault", { cause: error });
  return error;
}

describe("startNode", function () {
  this.timeout(20_000);
  const never = new AbortController().signal;

  it("names a taken port", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, HOST, done));
    const { port } = server.address() as AddressInfo;
    const fault = await faultOf(startNode({ chain: "anvil", port, host: HOST, signal: never }));
    server.close();
    expect(fault.code).to.equal("PortTaken");
    expect(fault.payload).to.include({ port });
    expect(fault.message).to.contain(`${port}`).and.to.contain("--port").and.to.contain("--rpc");
  });

  it("says what a node that does not start wrote", async () => {
    const fault = await faultOf(startNode({ chain: "anvil", port: 0, host: HOST, signal: never, blockTimeMs: -1_000 }));
    expect(fault.code).to.equal("NodeStartFailed");
    expect(fault.payload["stderr"]).to.contain("'-1'");
    expect(fault.message).to.contain(fault.payload["stderr"]);
  });

  it("does not start once aborted", async () => {
    const reason = new Error("enough");
    const start = startNode({ chain: "anvil", port: 0, host: HOST, signal: AbortSignal.abort(reason) });
    expect(await start.catch((error: unknown) => error)).to.equal(reason);
  });

  for (const chain of ["hardhat", "anvil"] as const) {
    it(`${chain}: answers on the port, ends when stopped and leaves no process`, async () => {
      const node = await startNode({ chain, port: 0, host: HOST, signal: never });
      expect(Number(await callNode(node.url, "eth_chainId")))
        .to.equal(node.chainId)
        .and.to.equal(31_337);
      expect(isAlive(node.pid)).to.equal(true);
      await Promise.all([node.stop(), node.stop()]);
      expect(isAlive(node.pid)).to.equal(false);
      await node.stop();
    });
  }

  it("ends the node when the signal aborts", async () => {
    const end = new AbortController();
    const node = await startNode({ chain: "anvil", port: 0, host: HOST, signal: end.signal });
    end.abort();
    await node.ended;
    expect(isAlive(node.pid)).to.equal(false);
  });

  it("ends a node that no longer reacts", async () => {
    const node = await startNode({ chain: "anvil", port: 0, host: HOST, signal: never });
    process.kill(node.pid, "SIGSTOP");
    await node.stop();
    expect(isAlive(node.pid)).to.equal(false);
  });

  it("ends the node when its parent is killed", async () => {
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", PARENT], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
    const { pid, url } = JSON.parse(chunk.toString()) as { readonly pid: number; readonly url: string };
    expect(isAlive(pid)).to.equal(true);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    while (isAlive(pid)) await callNode(url, "web3_clientVersion").catch(() => undefined);
  });

  /** A process with a folder of its own for what is temporary; it mines until old states are on disk. */
  async function mineInChild(folder: string): Promise<{ readonly parent: ChildProcess; readonly end: () => void }> {
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", MINER], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(parent.stdout, "data");
    return { parent, end: () => void parent.stdin.end() };
  }

  for (const way of ["stopped", "left behind by a parent that is killed"] as const) {
    it(`leaves none of its states on disk when it is ${way}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "lockstep-scratch-"));
      try {
        const { parent, end } = await mineInChild(folder);
        const written = await readdir(folder, { recursive: true });
        expect(written.length).to.be.greaterThan(100);
        if (way === "stopped") end();
        else parent.kill("SIGKILL");
        await once(parent, "exit");
        for (const until = Date.now() + 5_000; Date.now() < until && (await readdir(folder)).length > 0;)
          await sleep(20);
        expect(await readdir(folder)).to.deep.equal([]);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
