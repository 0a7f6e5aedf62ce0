import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { EXIT } from "../../keeper/commands/exitCodes.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { SCENARIOS, type Scenario } from "./catalogue.ts";
import { describeResult } from "./describeResult.ts";
import type { Ground } from "./Ground.ts";
import type { DrillChoice } from "./Stage.ts";
import { openTestDeployment, REFUSALS } from "./TestDeployment.ts";

/** The options of `lockstep drill`. */
export interface DrillOptions {
  readonly scenario: string | undefined;
  readonly isList: boolean;
  readonly isJson: boolean;
  readonly chain: "hardhat" | "anvil";
  readonly seed: number;
  /** Node of a test deployment; undefined for a chain of the drill's own. */
  readonly rpc?: string | undefined;
  /** Its deployment file, and its chain id where that is not a development chain's. */
  readonly deployment?: string | undefined;
  readonly chainId?: number | undefined;
}

type Print = (line: string) => void;

/**
 * `lockstep drill`: stages one scenario and says whether it was contained; 0 only then, and only if a test deployment is again as
 * it was. 2 for what was not begun.
 */
export async function drill(options: DrillOptions, context: CommandContext): Promise<number> {
  const print: Print = (line) => void context.stdout.write(`${line}\n`);
  if (options.isList) {
    list(options.isJson, print);
    return EXIT.clean;
  }
  try {
    return await rehearse(options, context, print);
  } catch (error: unknown) {
    if (context.signal.aborted) {
      context.stderr.write("lockstep: told to end before the drill was over\n");
      return EXIT.fatal;
    }
    if (!KeeperError.is(error) || !REFUSALS.includes(error.code)) throw error;
    context.stderr.write(`lockstep: ${error.code}: ${error.message}\n`);
    return EXIT.usage;
  }
}

async function rehearse(options: DrillOptions, context: CommandContext, print: Print): Promise<number> {
  const [name, scenario] = find(options.scenario);
  const say: Print = (line) => {
    if (!options.isJson) print(`· ${line}`);
  };
  const ground = groundOf(name, scenario, options, context, say);
  const result = await scenario.run({ chain: options.chain, seed: options.seed, say, ...ground }, context);
  if (options.isJson) print(JSON.stringify(result));
  else describeResult(result, context.isColoured, print);
  const isLeftBehind = "restored" in result && result.restored === false;
  return result.contained && !isLeftBehind ? EXIT.clean : EXIT.fatal;
}

function find(name: string | undefined): [string, Scenario] {
  const scenario = name !== undefined && Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (name !== undefined && scenario !== undefined) return [name, scenario];
  const names = Object.keys(SCENARIOS).join(", ");
  throw new KeeperError("UnknownScenario", `${name ?? "no scenario"}: choose one of ${names}`);
}

function groundOf(
  name: string,
  { needsOwnChain }: Scenario,
  { rpc, deployment, chainId }: DrillOptions,
  { env, stderr }: CommandContext,
  say: Print,
): Pick<DrillChoice, "openGround"> {
  if (rpc === undefined) {
    if (deployment === undefined && chainId === undefined) return {};
    throw new KeeperError("DrillRefused", "--deployment and --chain-id are for --rpc: which node?");
  }
  if (needsOwnChain !== null) {
    throw new KeeperError("DrillRefused", `${name} cannot be staged with --rpc: ${needsOwnChain}`);
  }
  const openGround = async (): Promise<Ground> => {
    const ground = await openTestDeployment({ rpc, deployment, chainId, env }, say);
    const close = async (): Promise<boolean | null> => {
      const isTakenBack = await ground.close();
      // However the drill ended.
      if (isTakenBack === false) stderr.write(`lockstep: ${rpc} could not be taken back: start that node anew\n`);
      return isTakenBack;
    };
    return { ...ground, close };
  };
  return { openGround };
}

function list(isJson: boolean, print: Print): void {
  const rows = Object.entries(SCENARIOS).map(([scenario, { about, contained, needsOwnChain }]) => {
    return { scenario, about, contained, rpc: needsOwnChain === null };
  });
  if (isJson) {
    print(JSON.stringify(rows));
    return;
  }
  for (const { scenario, about, rpc } of rows) print(`${scenario.padEnd(16)} ${rpc ? "--rpc" : "     "}  ${about}`);
}
