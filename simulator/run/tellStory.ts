import type { Plan } from "../plan/Plan.ts";
import { Story } from "./Journal.ts";
import { describeFault } from "./Script.ts";
import { simulate } from "./simulate.ts";
import { HONEST, type Twin } from "./Twin.ts";

/** Lines of what keepers do between which a story is cut. */
const MAX_LINES = 400;

/** A plan and what came of it, for a person to read. */
export function tellStory(plan: Plan, twin: Twin = HONEST): string {
  const story = new Story();
  const { violations } = simulate(plan, story, twin);
  const operators = plan.sources.map(({ id, operator }) => `${id} of ${operator}`).join(", ");
  const head = [
    `Seed ${plan.seed}, ${plan.mode}: ${plan.blocks} slots of ${plan.blockSeconds} seconds with faults, ${plan.quietBlocks} without;`,
    `${plan.keepers} keepers; ${operators}.`,
    plan.faults.length === 0 ? "No faults." : "Faults:",
    ...plan.faults.map((fault) => `  - ${describeFault(fault)}`),
    "",
  ];
  const { lines } = story;
  const cut = lines.length - MAX_LINES;
  const told = cut > 0 ? [...lines.slice(0, 20), `  … ${cut} lines …`, ...lines.slice(20 + cut)] : lines;
  const broken = violations.map(({ promise, keeper, detail }) => {
    return `${promise} is broken${keeper === null ? "" : ` by keeper ${keeper}`}: ${detail}`;
  });
  return [...head, ...told, "", ...broken].join("\n");
}
