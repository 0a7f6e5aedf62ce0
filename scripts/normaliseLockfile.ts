import { readFileSync, writeFileSync } from "node:fs";

/**
 * Makes our lockfiles installable by `npm ci` with Node 20 on every platform:
 *
 * 1. removes `engines`: npm compares them with the Node that *installs*, and silently skips an optional package that
 *    asks for more, such as Hardhat's native binding. What *runs* the packages is the Node 24 that package.json
 *    installs into node_modules/.bin, so the comparison is false here.
 * 2. adds the optional, platform-specific packages that npm left out because the registry did not serve them on the
 *    machine that wrote the lockfile; `npm ci` refuses a lockfile without them.
 *
 * Usage: `npm run lockfile`, or with `-- --check` to change nothing and exit 1 if it would.
 * See docs/decisions/0001-node-24-from-npm.md.
 */
interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  engines?: unknown;
  optionalDependencies?: Record<string, string>;
}

const SYSTEMS = ["darwin", "linux", "win32", "freebsd", "openbsd", "netbsd", "sunos", "aix", "android", "openharmony"];
const PROCESSORS: Record<string, string> = { amd64: "x64", x64: "x64", arm64: "arm64", ia32: "ia32", arm: "arm" };

const LOCKFILES = ["package-lock.json", "bench/peers/package-lock.json"];

for (const name of LOCKFILES) {
  const path = new URL(`../${name}`, import.meta.url);
  const before = readFileSync(path, "utf8");
  const after = normalise(before);
  if (after === before) continue;
  if (process.argv.includes("--check")) {
    console.error(`${name} is not normalised: run \`npm run lockfile\` and commit the result`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
    console.log(`${name} normalised`);
  }
}

function normalise(text: string): string {
  const lockfile = JSON.parse(text) as { packages: Record<string, LockEntry> };
  for (const [location, entry] of Object.entries(lockfile.packages)) {
    if (location !== "") delete entry.engines;
  }
  for (const [location, entry] of Object.entries(lockfile.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const isLocked = [`node_modules/${name}`, `${location}/node_modules/${name}`].some(
        (key) => key in lockfile.packages,
      );
      if (isLocked || location === "") continue;
      lockfile.packages[`node_modules/${name}`] = leftOut(name, version, entry.dev === true);
    }
  }
  lockfile.packages = Object.fromEntries(Object.entries(lockfile.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify(lockfile, null, 2)}\n`;
}

function leftOut(name: string, version: string, isDev: boolean): LockEntry {
  const words = name.split(/[-/]/);
  const os = words.find((word) => SYSTEMS.includes(word)) ?? "none";
  const cpu = words.map((word) => PROCESSORS[word]).find((word) => word !== undefined) ?? "none";
  return {
    version: version.replace(/^[\^~]/, ""),
    ...(isDev ? { dev: true } : {}),
    ...{ optional: true, os: [os], cpu: [cpu] },
  };
}
