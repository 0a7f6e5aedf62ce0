import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { BUNDLE_FILE } from "../../../keeper/BundleRoom.ts";
import { readBundleText } from "../../../keeper/evidence/bundle/bundleText.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Fleet } from "./Fleet.ts";
import type { FleetKeeper } from "./FleetKeeper.ts";

const MAIN = fileURLToPath(new URL("../../../keeper/main.ts", import.meta.url));
/** Whoever opens a connection ends: the verifier is given no way to a chain. */
const NO_NETWORK =
  'import net from "node:net"; import dgram from "node:dgram";' +
  'const refuse = () => { throw new Error("a network was used"); };' +
  "net.Socket.prototype.connect = refuse; dgram.createSocket = refuse; globalThis.fetch = refuse;";
const DEADLINE_MS = 20_000;

/** What the verifier found: a word as the events leave it and as the chain has it, `0x` with no leading zeros. */
export interface OfflineVerification {
  readonly result: string;
  readonly reason: string;
  readonly slots: readonly {
    readonly contract: string;
    readonly slot: Hash | null;
    readonly implied: string;
    readonly chain: string;
  }[];
}

/** Waits for a keeper's bundle with the located slots, and verifies it in a process that has no network and no settings. */
export async function verifyOffline(fleet: Fleet, keeper: FleetKeeper, incidentId: Hash): Promise<OfflineVerification> {
  const file = join(keeper.running.dataDirectory, "evidence", incidentId, BUNDLE_FILE);
  await fleet.until(`${keeper.name} has written where the books differ`, async () => {
    const text = await readFile(file, "utf8").catch(() => null);
    return text !== null && readBundleText(text).manifest.level === "located";
  });
  const stdout = await runVerifier(file, fleet.signal);
  try {
    return JSON.parse(stdout) as OfflineVerification;
  } catch (cause: unknown) {
    throw new KeeperError("DrillFailed", `the verifier said nothing that can be read: ${stdout}`, {}, { cause });
  }
}

async function runVerifier(file: string, signal: AbortSignal): Promise<string> {
  const guard = `data:text/javascript,${encodeURIComponent(NO_NETWORK)}`;
  const child = spawn(process.execPath, ["--import", guard, MAIN, "verify", file, "--json"], {
    cwd: "/",
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    killSignal: "SIGKILL",
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once("error", (cause) => {
    reject(new KeeperError("DrillFailed", `the verifier did not end by itself: ${cause.message}`, {}, { cause }));
  });
  child.once("close", () => {
    resolve(stdout === "" ? stderr : stdout);
  });
  return promise;
}
