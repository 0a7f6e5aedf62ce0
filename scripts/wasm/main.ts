import { readFileSync, writeFileSync } from "node:fs";

import { formatKernel, KERNEL_PATH } from "./formatKernel.ts";

/** `node scripts/wasm/main.ts [--check]`: assembles the Keccak kernel into keeper/lib/keccak. See decision 0023. */
const path = new URL(`../../${KERNEL_PATH}`, import.meta.url);
const source = formatKernel();
if (!process.argv.includes("--check")) {
  writeFileSync(path, source);
  console.log(`written: ${KERNEL_PATH}`);
} else if (readFileSync(path, "utf8") !== source) {
  console.error(`stale: ${KERNEL_PATH} (node scripts/wasm/main.ts)`);
  process.exitCode = 1;
}
