import { existsSync } from "node:fs";
import { join } from "node:path";

import { PROJECT_ROOT } from "../../scripts/local/projectRoot.ts";
import { runProgram } from "./runProgram.ts";

/** Where the peers are. */
export const PEERS = join(PROJECT_ROOT, "bench", "peers");
const DEADLINE_MS = 300_000;

/**
 * Installs the indexers that Lockstep is compared with, by their own lockfile and without install scripts, unless they are there.
 *
 * @throws KeeperError `BenchProgram`, for example where no registry is reached
 */
export async function installPeers(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (existsSync(join(PEERS, "node_modules", "ponder"))) return;
  say("peers: npm ci --prefix bench/peers (about 220 MB; once; --no-peers does without)");
  const own = process.env["npm_execpath"];
  const [command, first] = own === undefined ? ["npm", []] : [process.execPath, [own]];
  const parameters = [...first, "ci", "--prefix", PEERS, "--ignore-scripts", "--no-audit", "--no-fund"];
  await runProgram({ command, parameters, deadlineMs: DEADLINE_MS, signal });
}
