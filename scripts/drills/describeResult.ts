import { paintFor } from "../../keeper/commands/formatBlock.ts";
import type { DrillResult } from "./DrillResult.ts";
import type { FullCycleResult } from "./fullCycle/FullCycleResult.ts";

type Print = (line: string) => void;

/** The result of a drill, for people. */
export function describeResult(result: DrillResult | FullCycleResult, isColoured: boolean, print: Print): void {
  if ("stages" in result) describeCycle(result, isColoured, print);
  else describe(result, isColoured, print);
}

function describe(result: DrillResult, isColoured: boolean, print: Print): void {
  const paint = paintFor(isColoured);
  const { verdict, cause, located, attempts, reactions, contained, expects } = result;
  print(`verdict     ${verdict} (${cause})`);
  for (const { contract, variable, account, cause: why, before, after } of located) {
    const about = [...(account === null ? [] : [`account ${account}`]), ...(why === null ? [] : [why])];
    print(`located     ${[`${contract}.${variable}`, ...about].join(", ")}`);
    print(`            books: ${before}`);
    print(`            chain: ${after}`);
  }
  if (expects === "pause") describePause(result, print);
  for (const { what, ms } of reactions) print(`reaction    ${what}: ${ms} ms after it broke`);
  const [good, bad] = expects === "pause" ? ["refused", "HARM   "] : ["held   ", "NOT HELD"];
  for (const { what, outcome, isHarmless } of attempts) {
    print(`${isHarmless ? paint.green(good) : paint.red(bad)}     ${what}: ${outcome}`);
  }
  print(contained ? paint.green("contained") : paint.red("NOT CONTAINED"));
}

function describePause({ blocks, ms }: DrillResult, print: Print): void {
  print(`blocks      detected after ${blocks.detect ?? "-"}, paused after ${blocks.pause ?? "-"}`);
  const stages = (["node", "detect", "decide", "broadcast", "include"] as const).map(
    (stage) => `${stage} ${ms[stage] ?? "-"}`,
  );
  print(`ms          ${stages.join("  ")}`);
}

function describeCycle(result: FullCycleResult, isColoured: boolean, print: Print): void {
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
