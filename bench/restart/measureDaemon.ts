import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { CONTRACT_NAMES } from "../../keeper/config/deployment.ts";
import { callNode } from "../../scripts/local/callNode.ts";
import { deployLockstep } from "../../scripts/local/deployLockstep.ts";
import { Market } from "../../scripts/local/Market.ts";
import { startNode } from "../../scripts/local/startNode.ts";

const MAIN = fileURLToPath(new URL("../../keeper/main.ts", import.meta.url));
const STEPS = 10;
const PATIENCE_MS = 60_000;

/**
 * Milliseconds of wall clock from the start of the keeper's process to its first block in sync, with a small snapshot on disk, on an
 * Anvil of its own: what a restart takes beside the loading of the books.
 */
export async function measureDaemon(runs: number): Promise<number[]> {
  const directory = await mkdtemp(join(tmpdir(), "lockstep-bench-daemon-"));
  const node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
  try {
    const deployment = await deployLockstep({ module: "Lockstep", url: node.url });
    const market = new Market({ url: node.url, deployment, seed: 1, log: () => undefined });
    await market.prepare();
    for (let step = 0; step < STEPS; step += 1) await market.step();
    const { contracts, ...rest } = deployment;
    const file = join(directory, "deployment.json");
    const known = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contracts[name]]));
    await writeFile(file, JSON.stringify({ ...rest, contracts: known }));
    const start = (): ChildProcess => {
      const flags = ["--sources", node.url, "--data-directory", directory, "--deployment", file, "--mode", "watch"];
      const pace = ["--confirmations", "2", "--snapshot-interval-seconds", "1", "--api-port", "0"];
      const parameters = [MAIN, "run", ...flags, ...pace, "--log-level", "debug", "--json"];
      return spawn(process.execPath, parameters, { stdio: ["ignore", "ignore", "pipe"] });
    };
    await untilSnapshot(start(), node.url, join(directory, "snapshots"));
    const times: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const startedMs = performance.now();
      const child = start();
      const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      try {
        await untilSaid(child, '"verdict":"InSync"');
        times.push(performance.now() - startedMs);
      } finally {
        clearTimeout(timer);
        await end(child);
      }
    }
    return times;
  } finally {
    await node.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function untilSnapshot(child: ChildProcess, url: string, folder: string): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const names = await readdir(folder).catch(() => []);
    return names.some((name) => name.endsWith(".snapshot"));
  };
  child.stderr?.resume();
  try {
    for (const late = performance.now() + PATIENCE_MS; !(await isThere());) {
      if (performance.now() > late) throw new Error("the keeper has written no snapshot");
      await callNode(url, "evm_mine");
      await sleep(200);
    }
  } finally {
    await end(child);
  }
}

async function untilSaid(child: ChildProcess, text: string): Promise<void> {
  if (child.stderr === null) throw new Error("the keeper's log is not read");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes(text)) return;
    lines.push(line);
  }
  throw new Error(`the keeper ended: ${lines.slice(-5).join("\n")}`);
}

async function end(child: ChildProcess): Promise<void> {
  child.stderr?.resume();
  child.kill("SIGTERM");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
