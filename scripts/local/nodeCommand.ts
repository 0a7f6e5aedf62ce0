import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { PROJECT_ROOT } from "./projectRoot.ts";

/** The local chains: Hardhat's, and Anvil, which has real finality, reorgs and a second client's opinion. */
export type LocalChainKind = "hardhat" | "anvil";

/** What to start, without a shell. */
export interface NodeCommand {
  readonly program: string;
  readonly parameters: readonly string[];
  /** The option that names the folder in which the program may leave what it does not keep in memory; null: there is none. */
  readonly scratchOption: string | null;
}

/** Chain id of both development nodes. */
export const LOCAL_CHAIN_ID = 31_337;

const require = createRequire(import.meta.url);

/**
 * The command that runs a node of this kind on `host:port`.
 *
 * It says on stdout where it listens.
 *
 * @param port 0 lets the system choose
 * @param blockTimeMs Anvil's interval; Hardhat's is set by a call once it runs
 * @param args more arguments of the program, after all others
 * @throws KeeperError `NodeStartFailed` when the npm package of this platform is not installed.
 */
export function nodeCommand(
  kind: LocalChainKind,
  host: string,
  port: number,
  blockTimeMs?: number,
  args: readonly string[] = [],
): NodeCommand {
  const command = kind === "hardhat" ? hardhatCommand(host, port) : anvilCommand(host, port, blockTimeMs);
  return { ...command, parameters: [...command.parameters, ...args] };
}

function hardhatCommand(host: string, port: number): NodeCommand {
  const manifestPath = require.resolve("hardhat/package.json");
  const manifest = require(manifestPath) as { readonly bin: { readonly hardhat: string } };
  const cli = join(dirname(manifestPath), manifest.bin.hardhat);
  const config = join(PROJECT_ROOT, "hardhat.config.ts");
  const task = ["node", "--port", `${port}`, "--hostname", host, "--network", "node"];
  return { program: process.execPath, parameters: [cli, "--config", config, ...task], scratchOption: null };
}

function anvilCommand(host: string, port: number, blockTimeMs: number | undefined): NodeCommand {
  const chain = [
    "--chain-id",
    `${LOCAL_CHAIN_ID}`,
    "--accounts",
    "20",
    "--slots-in-an-epoch",
    "4",
    "--hardfork",
    "prague",
  ];
  const interval = blockTimeMs === undefined ? [] : ["--block-time", `${blockTimeMs / 1_000}`];
  const parameters = ["--host", host, "--port", `${port}`, ...chain, ...interval];
  return { program: anvilBinary(), parameters, scratchOption: "--cache-path" };
}

/** The platform's package of `@foundry-rs/anvil`; its own launcher would be one more process to end. */
function anvilBinary(): string {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const file = process.platform === "win32" ? "anvil.exe" : "anvil";
  const name = `@foundry-rs/anvil-${process.platform}-${architecture}`;
  try {
    return require.resolve(`${name}/bin/${file}`);
  } catch (cause: unknown) {
    throw new KeeperError(
      "NodeStartFailed",
      `Anvil is not installed for this platform: npm package ${name} is missing`,
      { package: name },
      { cause },
    );
  }
}
