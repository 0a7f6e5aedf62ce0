import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

import type { EventFragment } from "ethers";

import { contractInterface } from "../../scripts/local/contractInterface.ts";
import { PEERS } from "../installPeers.ts";
import type { IncidentChain } from "./IncidentChain.ts";
import { Program, type Said } from "./Program.ts";

/** At which interval a peer looks for news. */
export type Pace = "defaults" | "shortest" | "pushed";

/** A program from npm that notices the block's ordinary event, and does nothing about it. */
export interface Peer {
  readonly system: string;
  readonly pace: Pace;
  /** Starts it in an empty folder. */
  readonly start: (chain: IncidentChain, folder: string, bounds: PeerBounds) => Promise<Program>;
  /** What it says once it has looked at the chain for the first time; null: it has noticed the first deposit. */
  readonly isReady: ((said: Said) => boolean) | null;
}

export interface PeerBounds {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const WATCH = join(PEERS, "watch");

/** The peers; what each pace means is in docs/performance.md. */
export const PEER_SYSTEMS: readonly Peer[] = [
  forta("forta-agent 0.1.48, default (15 s)", "defaults", null),
  // The shortest that its table of networks has.
  forta("forta-agent 0.1.48, shortest (3 s)", "shortest", 3),
  ponder("ponder 0.16.10, default (1 s)", "defaults", () => ({})),
  ponder("ponder 0.16.10, shortest (100 ms)", "shortest", () => ({ pollingInterval: 100 })),
  ponder("ponder 0.16.10, pushed (WebSocket)", "pushed", ({ node }) => ({ ws: node.wsUrl })),
];

/** What the default pace that is longest waits between two looks at the head. */
export const LONGEST_INTERVAL_MS = 15_000;

function forta(system: string, pace: Pace, seconds: number | null): Peer {
  return {
    system,
    pace,
    // It processes the head at which it starts, and sleeps.
    isReady: ({ line }) => typeof line === "string" && line.startsWith("fetching block"),
    start: async (chain, folder, bounds) => {
      await writeJob(chain, folder, {});
      await mkdir(join(folder, "src"));
      await copyFile(join(WATCH, "agent.js"), join(folder, "src", "agent.js"));
      await copyFile(join(WATCH, "say.js"), join(folder, "src", "say.js"));
      const manifest = { name: "watch", version: "0.0.1", type: "module", chainIds: [chain.node.chainId] };
      await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
      await writeFile(join(folder, "forta.config.json"), JSON.stringify({ jsonRpcUrl: chain.node.url }));
      // Its keys and its cache are in the home folder otherwise.
      const env = { HOME: folder, USERPROFILE: folder, BENCH_JOB: join(folder, "job.json"), NODE_ENV: "bench" };
      const pacing = seconds === null ? {} : { BENCH_INTERVAL_SECONDS: String(seconds) };
      const parameters = [join(WATCH, "forta.js"), "run"];
      return new Program({ name: system, parameters, cwd: folder, env: { ...env, ...pacing }, ...bounds });
    },
  };
}

function ponder(
  system: string,
  pace: Pace,
  settings: (chain: IncidentChain) => Readonly<Record<string, unknown>>,
): Peer {
  return {
    system,
    pace,
    isReady: null,
    start: async (chain, folder, bounds) => {
      await writeJob(chain, folder, settings(chain));
      await mkdir(join(folder, "src", "api"), { recursive: true });
      await copyFile(join(WATCH, "config.js"), join(folder, "ponder.config.js"));
      await copyFile(join(WATCH, "schema.js"), join(folder, "ponder.schema.ts"));
      await copyFile(join(WATCH, "index.js"), join(folder, "src", "index.js"));
      await copyFile(join(WATCH, "say.js"), join(folder, "src", "say.js"));
      // Ponder wants an endpoint.
      await writeFile(join(folder, "src", "api", "index.ts"), API);
      await writeFile(join(folder, "package.json"), JSON.stringify({ name: "watch", private: true, type: "module" }));
      await symlink(join(PEERS, "node_modules"), join(folder, "node_modules"), "dir");
      const cli = join(PEERS, "node_modules", "ponder", "dist", "esm", "bin", "ponder.js");
      const place = ["--root", folder, "--config", "ponder.config.js", "--hostname", "127.0.0.1"];
      const options = ["--port", String(await findPort()), "--schema", "bench", "--log-format", "json"];
      const env = { BENCH_JOB: join(folder, "job.json"), PONDER_TELEMETRY_DISABLED: "true" };
      return new Program({
        name: system,
        parameters: [cli, "start", ...place, ...options],
        cwd: folder,
        env,
        ...bounds,
      });
    },
  };
}

const API = 'import { Hono } from "hono";\nexport default new Hono();\n';

async function writeJob(chain: IncidentChain, folder: string, ponderSettings: object): Promise<void> {
  const fragment = contractInterface("CollateralVault").getEvent("Deposited") as EventFragment;
  const job = {
    ...{ url: chain.node.url, chainId: chain.node.chainId, head: await chain.headNumber(), ponder: ponderSettings },
    ...{ vault: chain.deployment.contracts.CollateralVault, topic: fragment.topicHash },
    abi: [JSON.parse(fragment.format("json")) as unknown],
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "job.json"), JSON.stringify(job));
}

function findPort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
  return promise;
}
