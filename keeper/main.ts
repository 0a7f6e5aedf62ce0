#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { config as loadDotenv } from "dotenv";

import { BUILD } from "./build.ts";
import type { CommandContext } from "./commands/CommandContext.ts";
import { EXIT, exitCodeOf } from "./commands/exitCodes.ts";
import { run } from "./commands/run.ts";
import { CONFIG_FILE_OPTION, CONFIG_OPTIONS, optionHelp } from "./config/configOptions.ts";
import { KeeperError } from "./errors/KeeperError.ts";

const CHAINS = ["hardhat", "anvil"] as const;

function createContext(): CommandContext {
  const end = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    // A second signal ends a shutdown that hangs.
    if (end.signal.aborted) process.exit(EXIT.fatal);
    end.abort();
    resolve();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    isColoured: process.stdout.isTTY && process.env["NO_COLOR"] === undefined,
    wallNow: Date.now,
    signal: end.signal,
    ended: promise,
  };
}

/** `30s`, `500ms`, `2m` or plain seconds. */
function parseDuration(text: string): number {
  const match = /^(\d+)(ms|s|m)?$/.exec(text);
  const factor = { ms: 1, s: 1_000, m: 60_000 }[match?.[2] ?? "s"];
  if (match === null || factor === undefined) throw new InvalidArgumentError("expected for example 30s, 500ms or 2m");
  return Number(match[1]) * factor;
}

function parseWhole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
  return Number(text);
}

function createProgram(context: CommandContext, setExit: (code: number) => void): Command {
  const program = new Command("lockstep")
    .description("Proves every block that a derivatives protocol's books equal the chain, and pauses it when not.")
    .version(BUILD)
    .exitOverride()
    .showHelpAfterError("(lockstep --help lists the commands)");

  program
    .command("up")
    .description("local chain, contracts, market traffic and keeper with one command")
    .addOption(new Option("--chain <kind>", "node to start").choices(CHAINS).default("hardhat"))
    .option("--port <port>", "port of the node; 0 picks a free one", parseWhole, 8_545)
    .option("--rpc <url>", "use a running development node instead of starting one")
    .option("--api-port <port>", "port of the operator API; 0 picks a free one", parseWhole, 9_464)
    .option("--for <duration>", "end by itself after, for example 30s", parseDuration)
    .option("--seed <number>", "seed of the market", parseWhole, 1)
    .option("--interval <ms>", "milliseconds between two market actions", parseWhole, 500)
    .option("--verbose", "show every market action", false)
    .action(async (flags: Record<string, never>) => {
      const { up } = await import("../scripts/local/up.ts");
      const { chain, port, rpc, apiPort, seed, interval: intervalMs, verbose: isVerbose } = flags as never;
      const durationMs = (flags["for"] as number | undefined) ?? null;
      setExit(await up({ chain, port, rpc, apiPort, durationMs, seed, intervalMs, isVerbose }, context));
    });

  const keeper = program.command("run").description("run the keeper as a daemon");
  for (const option of CONFIG_OPTIONS) keeper.option(option.flags, optionHelp(option));
  keeper.option(CONFIG_FILE_OPTION.flags, optionHelp(CONFIG_FILE_OPTION));
  keeper.action(async (flags: Record<string, unknown>) => {
    setExit(await run(flags, context));
  });

  program
    .command("drill")
    .description("stage a desync on an own local chain with traffic; exit 0 only if it was contained")
    .argument("[scenario]", "see --list")
    .option("--list", "list the scenarios", false)
    .option("--json", "print the result as JSON", false)
    .addOption(new Option("--chain <kind>", "node to start").choices(CHAINS).default("hardhat"))
    .option("--seed <number>", "seed of the market", parseWhole, 1)
    .action(async (scenario: string | undefined, flags: Record<string, never>) => {
      const { drill } = await import("../scripts/drills/drill.ts");
      const { list: isList, json: isJson, chain, seed } = flags as never;
      setExit(await drill({ scenario, isList, isJson, chain, seed }, context));
    });
  program
    .command("replay")
    .description("let this build decide again what a recorded keeper was told; exit 0 only if it decides the same")
    .argument("<directory>", "folder of a recording, or of recordings with a single one in it")
    .option("--json", "one JSON object a line", false)
    .option("--altered", "go on over lines that were changed after they were recorded", false)
    .action(async (directory: string, flags: Record<string, never>) => {
      const { replay } = await import("./commands/replay.ts");
      setExit(await replay(directory, flags, context));
    });
  return program;
}

async function main(): Promise<number> {
  loadDotenv({ quiet: true });
  let exitCode: number = EXIT.clean;
  const program = createProgram(createContext(), (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error: unknown) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.usage;
    const text = KeeperError.is(error) ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error);
    process.stderr.write(`lockstep: ${text}\n`);
    return exitCodeOf(error);
  }
}

process.exit(await main());
