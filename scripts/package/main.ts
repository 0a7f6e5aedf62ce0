import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { PROJECT_ROOT } from "../local/projectRoot.ts";
import { buildPackage } from "./buildPackage.ts";

/** `npm run package`: the npm package as `dist/lockstep-<version>.tgz`, out of the folder `dist/package`. */
const folder = join(PROJECT_ROOT, "dist/package");
await buildPackage(folder);
const { stdout } = await promisify(execFile)("npm", [
  "pack",
  folder,
  "--json",
  "--pack-destination",
  join(folder, ".."),
]);
const [packed] = JSON.parse(stdout) as readonly { readonly filename: string; size: number; entryCount: number }[];
if (packed === undefined) throw new Error("npm pack has packed nothing");
const { filename, size, entryCount } = packed;
process.stdout.write(`dist/${filename}: ${entryCount} files, ${(size / 1_000_000).toFixed(1)} MB\n`);
