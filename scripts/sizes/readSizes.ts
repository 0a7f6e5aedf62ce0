import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { PROJECT_ROOT } from "../local/projectRoot.ts";

/** Runtime code of a contract at most (EIP-170), bytes. */
export const MAX_RUNTIME_BYTES = 24_576;

const ARTIFACTS = join(PROJECT_ROOT, "artifacts", "contracts");
/** A library whose functions are all internal is part of the contracts that use it, and itself no more than a stub. */
const STUB_BYTES = 100;

/** Size of a contract's runtime code. */
export interface ContractSize {
  readonly contract: string;
  readonly bytes: number;
}

/** Runtime sizes of all contracts that are deployed, the largest first; of the last build, without mocks. */
export async function readSizes(): Promise<readonly ContractSize[]> {
  const sizes: ContractSize[] = [];
  for (const path of await readdir(ARTIFACTS, { recursive: true })) {
    if (!path.endsWith(".json") || path.startsWith("mocks")) continue;
    const { deployedBytecode } = JSON.parse(await readFile(join(ARTIFACTS, path), "utf8")) as {
      deployedBytecode?: string;
    };
    const bytes = (deployedBytecode ?? "0x").length / 2 - 1;
    if (bytes > STUB_BYTES) sizes.push({ contract: basename(path, ".json"), bytes });
  }
  return sizes.sort((a, b) => b.bytes - a.bytes || a.contract.localeCompare(b.contract));
}
