import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import hardhatConfig from "../../hardhat.config.ts";
import { PROJECT_ROOT } from "../local/projectRoot.ts";
import { createManifest, packagesIn, type PackageManifest } from "./createManifest.ts";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** What is copied as it is. */
const DOCUMENTS = ["README.md", "LICENSE", "CHANGELOG.md"];
/** Artifacts that a local deployment needs; build information is ten times their size and for verification only. And the built dashboard. */
const BUILT = ["artifacts/contracts", "artifacts/@openzeppelin", "dashboard/dist"];
/** What a package must never hold, by path and by content. */
const FORBIDDEN_PATHS = /(?:^|\/)(?:test|bench|simulator|node_modules)\/|\.test\.|\.env|\.map$|(?<!\.d)\.ts$/;
const FORBIDDEN_TEXT = /^\/\/# sourceMappingURL=|-----BEGIN [A-Z ]*PRIVATE KEY-----/m;

/**
 * Makes the npm package as a folder: JavaScript and declarations of the keeper, the testing kit and what the commands need, with the
 * artifacts for a local chain. The folder is laid out as the repository is, so that what looks for files beside itself finds them.
 */
export async function buildPackage(folder: string): Promise<PackageManifest> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Nothing of it is for git, wherever it lies.
  await writeFile(join(dirname(folder), ".gitignore"), "*\n");
  const tsc = join(PROJECT_ROOT, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", join(HERE, "tsconfig.json"), "--outDir", folder], { cwd: PROJECT_ROOT });
  for (const path of BUILT) {
    await cp(join(PROJECT_ROOT, path), join(folder, path), { recursive: true });
  }
  for (const name of DOCUMENTS) await copyFile(join(PROJECT_ROOT, name), join(folder, name));
  // The artifacts are newer than any source, as there is none: nothing is compiled.
  await mkdir(join(folder, "cache"));
  await writeFile(join(folder, "cache/compile-cache.json"), "{}\n");
  const imported = new Set<string>();
  for (const path of await filesOf(folder)) {
    if (!/\.(?:js|d\.ts)$/.test(path)) continue;
    const before = await readFile(join(folder, path), "utf8");
    const after = path.endsWith(".d.ts") ? rewriteDeclaration(before) : rewriteModulePaths(before, path, folder);
    if (after !== before) await writeFile(join(folder, path), after);
    if (path.endsWith(".js")) for (const name of packagesIn(after)) imported.add(name);
  }
  await writeHardhatConfig(folder);
  const manifest = createManifest(new Set([...imported].filter((name) => !HARDHAT_ONLY.has(name))));
  await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await chmod(join(folder, "scripts/package/lockstep.js"), 0o755);
  await inspect(folder);
  return manifest;
}

/** What only the repository's Hardhat configuration needs: the package has one of its own. */
const HARDHAT_ONLY: ReadonlySet<string> = new Set(["@nomicfoundation/hardhat-toolbox-mocha-ethers", "solc"]);

/** The networks of the repository, without plugins and without a compiler: there is nothing to compile. */
async function writeHardhatConfig(folder: string): Promise<void> {
  const { networks } = hardhatConfig;
  await writeFile(join(folder, "hardhat.config.js"), `export default ${JSON.stringify({ networks }, null, 2)};\n`);
  await rm(join(folder, "hardhat.config.d.ts"), { force: true });
}

/** The compiler rewrites what is imported in code, but not in declarations. */
function rewriteDeclaration(code: string): string {
  return code.replaceAll(/((?:from|import)\s*\(?\s*"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"');
}

/** Modules that are started as programs, or found by their path, are named in texts: those that are here as JavaScript get its name. */
function rewriteModulePaths(code: string, path: string, folder: string): string {
  return code.replaceAll(/\b(new URL\(|join\(PROJECT_ROOT, )"([\w./-]+)\.ts"/g, (whole, call: string, name: string) => {
    const base = call.startsWith("new") ? join(folder, dirname(path)) : folder;
    return existsSync(join(base, `${name}.js`)) ? `${call}"${name}.js"` : whole;
  });
}

/** Every file below a folder, by its path from there. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** @throws Error when the package holds what it must not. */
async function inspect(folder: string): Promise<void> {
  for (const path of await filesOf(folder)) {
    if (FORBIDDEN_PATHS.test(path)) throw new Error(`${path} does not belong into the package`);
    const text = await readFile(join(folder, path), "utf8");
    if (FORBIDDEN_TEXT.test(text)) throw new Error(`${path} holds a key or leads to a source map`);
    if (/new URL\("[\w./-]+\.ts"/.test(text)) throw new Error(`${path} names a TypeScript module that is not there`);
  }
}
