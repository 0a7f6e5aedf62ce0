import { Argument, Command, InvalidArgumentError, Option } from "commander";

import { BUILD } from "../build.ts";
import { addAlerts } from "./addAlerts.ts";
import { addBackups } from "./addBackups.ts";
import { addKeys } from "./addKeys.ts";
import { addLatch } from "./addLatch.ts";
import { addOrders } from "./addOrders.ts";
import { addSettingsCommand, type SettingsCommand } from "./addSettingsCommand.ts";
import type { AddCommand } from "./AddCommand.ts";
import type { CommandContext } from "./CommandContext.ts";
import { compileEagerly } from "./compileEagerly.ts";
import { completionScript, SHELLS, type Shell } from "./completion.ts";
import { EXIT } from "./exitCodes.ts";
import { listMetrics } from "./listMetrics.ts";
import { parseDuration } from "./parseDuration.ts";

const CHAINS = ["hardhat", "anvil"] as const;

function parseWhole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
  return Number(text);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

const addUp: AddCommand = (program, context, setExit) => {
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
      compileEagerly();
      const { up } = await import("../../scripts/local/up.ts");
      const { chain, port, rpc, apiPort, seed, interval: intervalMs, verbose: isVerbose } = flags as never;
      const durationMs = (flags["for"] as number | undefined) ?? null;
      setExit(await up({ chain, port, rpc, apiPort, durationMs, seed, intervalMs, isVerbose }, context));
    });
};

const addRun: AddCommand = (program, ...to) => {
  const run: SettingsCommand = {
    name: "run",
    description: "run the keeper as a daemon",
    load: async () => {
      compileEagerly();
      return (await import("./run.ts")).run;
    },
  };
  addSettingsCommand(program, run, to).addHelpText("after", () => `\n${listMetrics()}`);
};

const addStatus: AddCommand = (program, ...to) => {
  const status: SettingsCommand = {
    name: "status",
    description:
      "what the running keeper says of itself, on one screen; exit 0 ready, 1 not ready or diverged, 75 nobody answers",
    options: [new Option("--url <url>", "address of its API (default: http, --api-host and --api-port)")],
    load: async () => (await import("./status.ts")).status,
  };
  addSettingsCommand(program, status, to);
};

const addDoctor: AddCommand = (program, ...to) => {
  const doctor: SettingsCommand = {
    name: "doctor",
    description: "try sources, deployment and keys of a keeper, and say what is missing; sends nothing",
    load: async () => (await import("./doctor.ts")).doctor,
  };
  addSettingsCommand(program, doctor, to);
};

const addCheck: AddCommand = (program, ...to) => {
  const timeout = "how long it may take, for example 30s or 10m (default: 5m)";
  const check: SettingsCommand = {
    name: "check",
    description:
      "judge one block as run would, and say what it is; exit 0 in sync, 1 diverged, 75 unknown; signs, sends and writes nothing",
    options: [new Option("--timeout <duration>", timeout).argParser(parseDuration)],
    load: async () => (await import("./check.ts")).check,
  };
  addSettingsCommand(program, check, to);
};

const addResync: AddCommand = (program, ...to) => {
  const despite = "write the snapshot although the history shows divergences: when people have looked at them";
  const resync: SettingsCommand = {
    name: "resync",
    description: "build the books again from the deployment, prove them, and leave a snapshot for run to start from",
    options: [new Option("--despite-findings", despite).default(false)],
    load: async () => (await import("./resync.ts")).resync,
  };
  addSettingsCommand(program, resync, to);
};

const addReplay: AddCommand = (program, context, setExit) => {
  program
    .command("replay")
    .description("let this build decide again what a recorded keeper was told; exit 0 only if it decides the same")
    .argument("<directory>", "folder of a recording, or of recordings with a single one in it")
    .option("--json", "one JSON object a line", false)
    .option("--altered", "go on over lines that were changed after they were recorded", false)
    .action(async (directory: string, flags: Record<string, never>) => {
      const { replay } = await import("./replay.ts");
      setExit(await replay(directory, flags, context));
    });
};

const addVerify: AddCommand = (program, context, setExit) => {
  program
    .command("verify")
    .description("verify a bundle of evidence without a network; exit 0 only if it is confirmed")
    .argument("<bundle>", "file bundle.lockstep of an incident, in the folder evidence/<incident> of a keeper")
    .option("--json", "one JSON object", false)
    .option("--deployment <path>", "deployment file of your protocol: a bundle of other contracts is invalid")
    .option("--take-prices", "take prices that the bundle does not prove on the keeper's word", false)
    .action(async (file: string, flags: Record<string, never>) => {
      const { verify } = await import("./verify.ts");
      setExit(await verify(file, flags, context));
    });
};

const addDrill: AddCommand = (program, context, setExit) => {
  program
    .command("drill")
    .description(
      "rehearse a desync with market traffic and a real keeper, on a chain of its own or a test deployment; exit 0 only if it was contained",
    )
    .argument("[scenario]", "see --list")
    .option("--list", "list the scenarios, and which of them can run with --rpc", false)
    .option("--json", "print the result as JSON", false)
    .addOption(new Option("--chain <kind>", "node to start").choices(CHAINS).default("hardhat"))
    .option("--seed <number>", "seed of the market", parseWhole, 1)
    .option("--rpc <url>", "use the deployment on this Hardhat node or Anvil, and take back what was done")
    .option("--deployment <path>", "with --rpc: deployment file of that protocol (env LOCKSTEP_DEPLOYMENT)")
    .option("--chain-id <id>", "with --rpc: this chain is a development chain, whatever its id", parseWhole)
    .action(async (scenario: string | undefined, flags: Record<string, never>) => {
      const { drill } = await import("../../scripts/drills/drill.ts");
      const { list: isList, json: isJson, chain, seed, rpc, deployment, chainId } = flags as never;
      setExit(await drill({ scenario, isList, isJson, chain, seed, rpc, deployment, chainId }, context));
    });
};

const addChaosRpc: AddCommand = (program, context, setExit) => {
  program
    .command("chaos-rpc")
    .description("a JSON-RPC proxy that lies, lags, hangs and breaks by rules, to try a keeper or any service with")
    .option("--upstream <url>", "node to forward to; repeat for several", collect, [])
    .option(
      "--rule <rule>",
      "rule, as `eth_getLogs: empty`; repeat for several, the first that matches holds",
      collect,
      [],
    )
    .option("--rules <path>", "JSON file with a list of rules; they come after those of --rule")
    .option("--watch", "read the file again whenever it changes", false)
    .option("--seed <number>", "seed of the draws; drawn and printed by default", parseWhole)
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on; 0 picks a free one", parseWhole, 8_555)
    .option("--quiet", "say nothing about single lies", false)
    .option("--json", "one JSON object a line", false)
    .option("--list", "list the actions of rules", false)
    .action(async (flags: Record<string, never>) => {
      const { chaosRpc } = await import("../../scripts/chaos/command.ts");
      const {
        upstream: upstreams,
        rule: rules,
        rules: rulesFile,
        watch: isWatching,
        seed,
        host,
        port,
      } = flags as never;
      const { quiet: isQuiet, json: isJson, list: isList } = flags as never;
      const options = { upstreams, rules, rulesFile, isWatching, seed, host, port, isQuiet, isJson, isList };
      setExit(await chaosRpc(options, context));
    });
};

const addConfig: AddCommand = (program, ...to) => {
  const config: SettingsCommand = {
    name: "config",
    description: "every setting as run would have it, and where it came from; secrets are not shown",
    load: async () => (await import("./showConfig.ts")).showConfig,
  };
  addSettingsCommand(program, config, to);
};

const addCompletion: AddCommand = (program, context, setExit) => {
  program
    .command("completion")
    .description("a script that completes commands and options: source <(lockstep completion bash)")
    .addArgument(new Argument("<shell>", "the shell it is for").choices(SHELLS))
    .action((shell: Shell) => {
      context.stdout.write(`${completionScript(program, shell)}\n`);
      setExit(EXIT.clean);
    });
};

/** The command line. `setExit` is told the exit status of the command that ran. */
export function createProgram(context: CommandContext, setExit: (code: number) => void): Command {
  const program = new Command("lockstep")
    .description("Proves every block that a derivatives protocol's books equal the chain, and pauses it when not.")
    .version(BUILD)
    .exitOverride()
    .showHelpAfterError("(lockstep --help lists the commands)");
  for (const add of [
    addUp,
    addRun,
    addStatus,
    addCheck,
    addDoctor,
    addConfig,
    addResync,
    addDrill,
    addReplay,
    addVerify,
    addLatch,
    addBackups,
    addKeys,
    addOrders,
    addAlerts,
    addChaosRpc,
    addCompletion,
  ])
    add(program, context, setExit);
  return program;
}
