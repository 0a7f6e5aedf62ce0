import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { PROJECT_ROOT } from "../local/projectRoot.ts";

/** Runtime code of a contract at most (EIP-170), bytes. */
export const MAX_RUNTIME_BYTES = 24_576;

const ARTIFACTS = join(PROJECT_ROOT, "artifacts", "contracts");
/** The code of a library begins with its own address: those of ours are part of the contracts that use them. */
const LIBRARY = `0x73${"00".repeat(20)}`;

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
    if (!deployedBytecode || deployedBytecode === "0x" || deployedBytecode.startsWith(LIBRARY)) continue;
    sizes.push({ contract: basename(path, ".json"), bytes: deployedBytecode.length / 2 - 1 });
  }
  return sizes.sort((a, b) => b.bytes - a.bytes || a.contract.localeCompare(b.contract));
}
