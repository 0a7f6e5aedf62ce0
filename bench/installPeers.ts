import { readFileSync } from "node:fs";
import { join } from "node:path";

import { PROJECT_ROOT } from "../scripts/local/projectRoot.ts";
import { runProgram } from "./keeper/runProgram.ts";

/** Where the peers are: what Lockstep is compared with and does not depend on. */
export const PEERS = join(PROJECT_ROOT, "bench", "peers");
const DEADLINE_MS = 300_000;

/**
 * Installs the peers by their own lockfile and without install scripts, unless they are there.
 *
 * @throws KeeperError `BenchProgram`, for example where no registry is reached
 */
export async function installPeers(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (arePeersThere()) return;
  say("peers: npm ci --prefix bench/peers (about 220 MB; once; --no-peers does without)");
  const own = process.env["npm_execpath"];
  const [command, first] = own === undefined ? ["npm", []] : [process.execPath, [own]];
  const parameters = [...first, "ci", "--prefix", PEERS, "--ignore-scripts", "--no-audit", "--no-fund"];
  await runProgram({ command, parameters, deadlineMs: DEADLINE_MS, signal });
}

/** Whether all of them are installed, in the versions that bench/peers/package.json asks for. */
function arePeersThere(): boolean {
  const { dependencies } = readPackage(PEERS) as { readonly dependencies: Readonly<Record<string, string>> };
  return Object.entries(dependencies).every(([name, version]) => {
    return readPackage(join(PEERS, "node_modules", name))?.version === version;
  });
}

function readPackage(folder: string): { readonly version?: string } | null {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly version?: string };
  } catch {
    return null;
  }
}
