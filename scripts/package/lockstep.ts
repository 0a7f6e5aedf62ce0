#!/usr/bin/env node
/**
 * The command of the npm package: says what is missing before anything is loaded that needs it, and hands over to the keeper's
 * command line. It must itself load in any Node that there is.
 */
const LEAST_NODE = 24;
/** Commands that start a chain of their own, and what they need for it. */
const STAGING: ReadonlySet<string | undefined> = new Set(["up", "drill"]);
const STAGING_PACKAGES = ["hardhat", "@nomicfoundation/ignition-core", "@nomicfoundation/hardhat-ignition"];
/** With these nothing is started. */
const HARMLESS: ReadonlySet<string> = new Set(["--help", "-h", "--list"]);

function isMissing(name: string): boolean {
  try {
    import.meta.resolve(name);
    return false;
  } catch {
    return true;
  }
}

/** What keeps the command from running, and what to do about it; null when nothing does. */
function objection(): string | null {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major < LEAST_NODE)
    return `it needs Node ${LEAST_NODE} or newer, and this is ${process.versions.node}: install a newer one (https://nodejs.org)`;
  const [command, ...rest] = process.argv.slice(2);
  if (!STAGING.has(command) || rest.some((word) => HARMLESS.has(word))) return null;
  const missing = STAGING_PACKAGES.filter(isMissing);
  if (missing.length === 0) return null;
  return `${command} starts a chain of its own and needs ${missing.join(", ")}: npm install ${missing.join(" ")}`;
}

const problem = objection();
if (problem === null) await import("../../keeper/main.ts");
else {
  process.stderr.write(`lockstep: ${problem}\n`);
  process.exitCode = 1;
}
