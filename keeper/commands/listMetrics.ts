import { Status } from "../Status.ts";

/** A metric of `/metrics`, as its exposition introduces it. */
const FAMILY = /^# HELP (?<name>\S+) (?<help>.*)\n# TYPE \S+ (?<type>\S+)$/gm;

/** Every metric that a running keeper exposes, with its type and what it tells: a line each, by name. */
export function listMetrics(): string {
  const families = [...new Status(() => 0).metrics().matchAll(FAMILY)].map(({ groups }) => groups ?? {});
  const rows = families.map(({ name = "", type = "", help = "" }) => ({ name, type, help }));
  rows.sort((one, other) => (one.name < other.name ? -1 : 1));
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, type, help }) => `  ${name.padEnd(width)}  ${type.padEnd(9)}  ${help}`);
  return ["Metrics, at /metrics of the operator API (docs/operations.md has their labels):", ...lines].join("\n");
}
