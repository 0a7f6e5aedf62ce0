import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import manifest from "../../package.json" with { type: "json" };
import { CONTRACT_NAMES } from "../../keeper/config/deployment.ts";
import { bigintToHex32 } from "../../keeper/lib/hex.ts";
import { developmentWallet, ROLES } from "../local/accounts.ts";
import { callNode } from "../local/callNode.ts";
import { contractInterface } from "../local/contractInterface.ts";
import { deployLockstep, type LockstepDeployment } from "../local/deployLockstep.ts";
import { PROJECT_ROOT } from "../local/projectRoot.ts";
import { startNode, type LocalNode } from "../local/startNode.ts";

/**
 * `npm run package:check`, after `npm run package`: installs the package into an empty folder and uses it as somebody would who has nothing
 * else: version, help, settings, the refusal of what it lacks; and a keeper that follows a chain, finds a divergence, and leaves a bundle
 * that the package verifies. Ends with 1 at the first thing that is not as it should be.
 */
const TARBALL = join(PROJECT_ROOT, `dist/lockstep-${manifest.version}.tgz`);
const PATIENCE_MS = 60_000;
const LOOK_MS = 100;
const API_PORT = 9_499;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Both streams. */
  readonly output: string;
}

interface KeeperStatus {
  readonly state: string;
  readonly block: { readonly number: number } | null;
}

/** `npx lockstep …` in the folder, without any settings of this process. */
async function lockstep(folder: string, ...args: readonly string[]): Promise<Ran> {
  try {
    const options = { cwd: folder, env: cleanEnvironment(), timeout: PATIENCE_MS };
    const { stdout, stderr } = await promisify(execFile)("npx", ["--no-install", "lockstep", ...args], options);
    return { code: 0, stdout, output: stdout + stderr };
  } catch (error: unknown) {
    const { code, stdout, stderr } = error as { readonly code: number; stdout: string; stderr: string };
    return { code, stdout, output: stdout + stderr };
  }
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LOCKSTEP_")));
}

function demand(isTrue: boolean, what: string, { code, output }: Ran): void {
  if (!isTrue) throw new Error(`${what}; it ended with ${code}:\n${output.slice(-4_000)}`);
  process.stdout.write(`ok: ${what}\n`);
}

async function checkCommands(folder: string): Promise<void> {
  const version = await lockstep(folder, "--version");
  demand(version.code === 0 && version.stdout.trim() === manifest.version, "it says its version", version);
  const help = await lockstep(folder, "--help");
  demand(help.code === 0 && /^ +doctor /m.test(help.output), "it lists its commands", help);
  const config = await lockstep(folder, "config", "--sources", "ws://127.0.0.1:1|a|geth");
  demand(config.code === 0 && /^apiPort +9464$/m.test(config.stdout), "it shows its settings", config);
  const list = await lockstep(folder, "drill", "--list");
  demand(list.code === 0 && list.output.includes("unevented-write"), "it lists the drills without Hardhat", list);
  const drill = await lockstep(folder, "drill", "unevented-write");
  const isNamed = drill.code === 1 && /needs hardhat.*npm install hardhat/.test(drill.output);
  demand(isNamed, "it says what a drill needs", drill);
}

/** @throws Error when it takes too long, or the keeper has ended before. */
async function until(what: string, keeper: ChildProcess, isTrue: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await isTrue());) {
    if (performance.now() > end || keeper.exitCode !== null) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  process.stdout.write(`ok: ${what}\n`);
}

async function readStatus(): Promise<KeeperStatus | null> {
  try {
    return (await (await fetch(`http://127.0.0.1:${API_PORT}/status`)).json()) as KeeperStatus;
  } catch {
    return null;
  }
}

/** The installed program itself: npx would not hand on the signal that ends it. */
function startKeeper(folder: string, node: LocalNode): ChildProcess {
  const program = join(folder, "node_modules/.bin/lockstep");
  const args = ["--deployment", "deployment.json", "--api-port", String(API_PORT), "--data-directory", "data"];
  return spawn(program, ["run", "--sources", `${node.wsUrl}|local|hardhat`, ...args], {
    cwd: folder,
    env: {
      ...cleanEnvironment(),
      LOCKSTEP_PAUSE_KEY: developmentWallet(ROLES.pauser).privateKey,
      LOCKSTEP_ATTEST_KEY: developmentWallet(ROLES.attester).privateKey,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

async function checkKeeper(folder: string, node: LocalNode, deployment: LockstepDeployment): Promise<void> {
  const contracts = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, deployment.contracts[name]]));
  await writeFile(join(folder, "deployment.json"), JSON.stringify({ ...deployment, contracts }));
  const keeper = startKeeper(folder, node);
  let log = "";
  keeper.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
  const ended = once(keeper, "close") as Promise<[number | null]>;
  try {
    await until("its keeper proves a block", keeper, async () => (await readStatus())?.state === "IN_SYNC");
    const data = contractInterface("FlawedPositionLedger").encodeFunctionData("migrateQuote", [bigintToHex32(7n), 1n]);
    const from = developmentWallet(ROLES.feedMover).address;
    await callNode(node.url, "eth_sendTransaction", [
      { from, to: deployment.contracts.PositionLedger, data, gas: "0x7a120" },
    ]);
    await until("its keeper has paused for a divergence", keeper, async () => (await readStatus())?.state === "PAUSED");
    const bundles = (): string[] => globSync("data/evidence/*/bundle.lockstep", { cwd: folder });
    await until("there is a bundle of evidence", keeper, () => Promise.resolve(bundles().length === 1));
    const [bundle = ""] = bundles();
    const verified = await lockstep(folder, "verify", bundle, "--deployment", "deployment.json", "--take-prices");
    demand(verified.code === 0, "it verifies the bundle", verified);
  } catch (error: unknown) {
    process.stderr.write(log.slice(-4_000));
    throw error;
  } finally {
    keeper.kill("SIGTERM");
  }
  const [code] = await ended;
  demand(code === 0, "its keeper ends cleanly", { code: code ?? -1, stdout: "", output: log });
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-package-"));
  let node: LocalNode | undefined;
  try {
    await writeFile(join(folder, "package.json"), '{ "private": true }\n');
    const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", TARBALL];
    await promisify(execFile)("npm", install, { cwd: folder, env: cleanEnvironment() });
    await checkCommands(folder);
    node = await startNode({ chain: "hardhat", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    await checkKeeper(folder, node, await deployLockstep({ url: node.url, module: "FlawedLockstep" }));
  } finally {
    await node?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
