import { Command, CommanderError, Option } from "commander";

import { toJson } from "../../keeper/lib/toJson.ts";
import { checkDeployment, type DeploymentCheck } from "./checkDeployment.ts";
import { NETWORK_KINDS, type NetworkKind } from "./parameterRules.ts";
import { describeParameter, renderDryRun } from "./renderDryRun.ts";

/**
 * `npm run deploy:check -- --parameters FILE [--network KIND] [--json]`: what a deployment with these parameters would be, and
 * whether it holds together. Ends with 0 when it does, 1 when it is refused, 2 when the command is not understood.
 */
const program = new Command("deploy:check")
  .description("deploys with a parameter file to a network within this process, and says what came of it")
  .requiredOption("--parameters <file>", "parameters for Ignition, as deploy/parameters/mainnet.json5")
  .addOption(new Option("--network <kind>", "by whose rules they are judged").choices(NETWORK_KINDS).default("mainnet"))
  .option("--json", "one JSON object", false)
  .exitOverride();

function print({ parameters, refusals, warnings, run }: DeploymentCheck): void {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say("parameters:");
  for (const [name, value] of Object.entries(parameters)) say(`  ${name}: ${describeParameter(name, value)}`);
  if (run !== null) say(renderDryRun(run));
  for (const warning of warnings) say(`see to it: ${warning}`);
  for (const refusal of refusals) say(`REFUSED: ${refusal}`);
  say(refusals.length === 0 ? "it holds together" : "not to be deployed");
}

/** Amounts as texts: JSON has no integers of their size. */
function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

async function main(): Promise<number> {
  try {
    program.parse();
  } catch (error: unknown) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const {
    parameters: path,
    network,
    json,
  } = program.opts<{ parameters: string; network: NetworkKind; json: boolean }>();
  try {
    const check = await checkDeployment(path, network);
    if (json) process.stdout.write(`${toJson({ ok: check.refusals.length === 0, ...check }, plain)}\n`);
    else print(check);
    return check.refusals.length === 0 ? 0 : 1;
  } catch (error: unknown) {
    process.stderr.write(`deploy:check: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exit(await main());
