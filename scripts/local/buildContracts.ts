import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { PROJECT_ROOT } from "./projectRoot.ts";

/** Hardhat rewrites it at the end of every build. */
const BUILD_MARK = "cache/compile-cache.json";
const SOURCES = ["contracts", "hardhat.config.ts", "node_modules/@openzeppelin/contracts/package.json"];
/** Stands for all artifacts: a build writes them together. */
const ARTIFACT = "artifacts/contracts/clearing/PositionLedger.sol/PositionLedger.json";

/** Compiles the contracts, telling `log`, when there are no artifacts or a source is newer than the last build. */
export async function buildContracts(hre: HardhatRuntimeEnvironment, log: (line: string) => void): Promise<void> {
  const [builtAt, artifactAt] = await Promise.all([BUILD_MARK, ARTIFACT].map(newestChange));
  const changedAt = Math.max(...(await Promise.all(SOURCES.map(newestChange))));
  if (artifactAt !== 0 && builtAt !== undefined && changedAt < builtAt) return;
  log("compiling the contracts, which takes a while the first time");
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
}

/** Time of the newest change of a file or of anything in a folder, milliseconds since 1970; 0 when it is missing. */
async function newestChange(path: string): Promise<number> {
  const absolute = join(PROJECT_ROOT, path);
  try {
    const facts = await stat(absolute);
    if (!facts.isDirectory()) return facts.mtimeMs;
    const names = await readdir(absolute);
    return Math.max(facts.mtimeMs, ...(await Promise.all(names.map((name) => newestChange(join(path, name))))));
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
