import type { DryRun } from "./dryRun.ts";
import type { ParameterValue } from "./readParameters.ts";

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

/** A number of seconds as people say it. */
export function describeSeconds(seconds: number): string {
  const [size = 1, name = "s"] = UNITS.find(([unit]) => seconds >= unit && seconds % unit === 0) ?? [];
  return `${seconds / size} ${name}`;
}

/** A parameter with its unit, where its name tells it. */
export function describeParameter(name: string, value: ParameterValue): string {
  if (name.endsWith("Seconds")) return `${value} (${describeSeconds(Number(value))})`;
  if (name.endsWith("Ppm")) return `${value} (${Number(value) / 10_000} %)`;
  return typeof value === "bigint" ? value.toLocaleString("en-US") : String(value);
}

/** What would be deployed, line by line. */
export function renderDryRun({ contracts, roles }: DryRun): string {
  const lines = ["contracts, in the order of the module, at their addresses of the dry run:"];
  for (const { name, contractName, address, constructor } of contracts) {
    lines.push(`  ${name}${name === contractName ? "" : ` (${contractName})`}  ${address}`);
    for (const { name: argument, value } of constructor) lines.push(`    ${argument || "_"}: ${value}`);
  }
  lines.push("roles, as the AccessManager has them after the deployment:");
  for (const { id, name, functions, holders } of roles) {
    const held = holders.map(({ who, delaySeconds }) => {
      return `${who}, ${delaySeconds === 0 ? "without delay" : `after ${describeSeconds(delaySeconds)}`}`;
    });
    lines.push(`  ${name} (${id}): ${held.join("; ")}`);
    for (const each of functions) lines.push(`    ${each}`);
  }
  return lines.join("\n");
}
