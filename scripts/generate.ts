import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { GenerateError } from "./generate/GenerateError.ts";
import { runGenerate } from "./generate/runGenerate.ts";

/** `node scripts/generate.ts [--check]`: contracts → keeper/books/generated; see generate/runGenerate.ts. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCheck = process.argv.includes("--check");
try {
  const { written, stale, problems } = await runGenerate({ root, isCheck });
  for (const path of written) console.log(`written: ${path}`);
  for (const path of stale) console.error(`stale: ${path} (npm run generate)`);
  for (const problem of problems) console.error(problem);
  process.exitCode = stale.length + problems.length > 0 ? 1 : 0;
} catch (error: unknown) {
  if (!(error instanceof GenerateError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
