import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { EXIT } from "../../keeper/commands/exitCodes.ts";
import { paintFor } from "../../keeper/commands/formatBlock.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { DrillResult } from "./DrillResult.ts";
import { fullCycle } from "./fullCycle.ts";
import type { FullCycleResult } from "./fullCycle/FullCycleResult.ts";
import { phantomDeposit } from "./phantomDeposit.ts";
import type { StageOptions } from "./Stage.ts";
import { storageTamper } from "./storageTamper.ts";
import { uneventedWrite } from "./uneventedWrite.ts";

/** The options of `lockstep drill`. */
export interface DrillOptions {
  readonly scenario: string | undefined;
  readonly isList: boolean;
  readonly isJson: boolean;
  readonly chain: "hardhat" | "anvil";
  readonly seed: number;
}

interface Scenario {
  readonly about: string;
  readonly run: (
    options: Omit<StageOptions, "module" | "views">,
    context: CommandContext,
  ) => Promise<DrillResult | FullCycleResult>;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "unevented-write": {
    about: "a bug in a book contract writes a balance without an event",
    run: uneventedWrite,
  },
  "storage-tamper": {
    about: "a balance is overwritten in the node's state",
    run: storageTamper,
  },
  "phantom-deposit": {
    about: "an off-chain engine keeps a deposit that a reorg removed",
    run: phantomDeposit,
  },
  "full-cycle": {
    about: "four keepers: an unevented write, both pauses, evidence, repair, the resume gate, and running again",
    run: fullCycle,
  },
};

/** `lockstep drill`: stages one scenario and says whether it was contained; exit 0 only then. */
export async function drill(options: DrillOptions, context: CommandContext): Promise<number> {
  const print = (line: string): void => {
    context.stdout.write(`${line}\n`);
  };
  if (options.isList) {
    for (const [name, { about }] of Object.entries(SCENARIOS)) print(`${name.padEnd(18)} ${about}`);
    return EXIT.clean;
  }
  const scenario = options.scenario === undefined ? undefined : SCENARIOS[options.scenario];
  if (scenario === undefined) {
    const names = Object.keys(SCENARIOS).join(", ");
    throw new KeeperError("UnknownScenario", `${options.scenario ?? "no scenario"}: choose one of ${names}`);
  }
  const say = (line: string): void => {
    if (!options.isJson) print(`· ${line}`);
  };
  const result = await scenario.run({ chain: options.chain, seed: options.seed, say }, context);
  if (options.isJson) print(JSON.stringify(result));
  else if (result.scenario === "full-cycle") describeCycle(result as FullCycleResult, context.isColoured, print);
  else describe(result as DrillResult, context.isColoured, print);
  return result.contained ? EXIT.clean : EXIT.fatal;
}

function describe(result: DrillResult, isColoured: boolean, print: (line: string) => void): void {
  const paint = paintFor(isColoured);
  const { verdict, cause, located, blocks, ms, attempts, contained } = result;
  print(`verdict     ${verdict} (${cause})`);
  for (const { contract, variable, account, cause: why, before, after } of located) {
    const about = [...(account === null ? [] : [`account ${account}`]), ...(why === null ? [] : [why])];
    print(`located     ${[`${contract}.${variable}`, ...about].join(", ")}`);
    print(`            books: ${before}`);
    print(`            chain: ${after}`);
  }
  print(`blocks      detected after ${blocks.detect ?? "-"}, paused after ${blocks.pause ?? "-"}`);
  const stages = (["node", "detect", "decide", "broadcast", "include"] as const).map(
    (stage) => `${stage} ${ms[stage] ?? "-"}`,
  );
  print(`ms          ${stages.join("  ")}`);
  for (const { what, outcome, isHarmless } of attempts) {
    print(`${isHarmless ? paint.green("refused") : paint.red("HARM   ")}     ${what}: ${outcome}`);
  }
  print(contained ? paint.green("contained") : paint.red("NOT CONTAINED"));
}

function describeCycle(result: FullCycleResult, isColoured: boolean, print: (line: string) => void): void {
  const paint = paintFor(isColoured);
  const { stages, refusals, attempts, evidence, newcomer, trouble, contained } = result;
  for (const { name, block, ms } of stages) print(`${name.padEnd(12)} block ${block}  +${ms} ms`);
  for (const reason of refusals) print(`${paint.green("gate        ")} ${reason}`);
  for (const { what, outcome, isHarmless } of attempts) {
    print(`${isHarmless ? paint.green("held        ") : paint.red("NOT HELD    ")} ${what}: ${outcome}`);
  }
  print(`evidence     ${evidence}`);
  print(`newcomer     ${newcomer}`);
  if (trouble !== null) print(`${paint.red("trouble     ")} ${trouble}`);
  print(contained ? paint.green("contained") : paint.red("NOT CONTAINED"));
}
