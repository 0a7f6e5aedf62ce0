import { readFileSync, writeFileSync } from "node:fs";

import { formatKernel, formatNodeKernel, KERNEL_PATH, NODE_KERNEL_PATH } from "./formatKernel.ts";

/** `node scripts/wasm/main.ts [--check]`: assembles the Keccak kernels. See decisions 0023 and 0027. */
const modules = [
  [KERNEL_PATH, formatKernel()],
  [NODE_KERNEL_PATH, formatNodeKernel()],
] as const;
for (const [path, source] of modules) {
  const url = new URL(`../../${path}`, import.meta.url);
  if (!process.argv.includes("--check")) {
    writeFileSync(url, source);
    console.log(`written: ${path}`);
  } else if (readFileSync(url, "utf8") !== source) {
    console.error(`stale: ${path} (node scripts/wasm/main.ts)`);
    process.exitCode = 1;
  }
}
