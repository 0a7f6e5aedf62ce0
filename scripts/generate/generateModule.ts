import type { Layout } from "../../keeper/books/layout/Layout.ts";
import { buildLayout } from "./buildLayout.ts";
import { eventCodes, signatureOf, type EventCode } from "./eventCode.ts";
import { GenerateError } from "./GenerateError.ts";
import { RUNTIME, RUNTIME_TYPES } from "./runtime.ts";
import { upperFirst } from "./names.ts";
import { selectorOf } from "./selectors.ts";
import type { AbiEntry, ContractFacts } from "./solcOutput.ts";
import { StorageCode } from "./StorageCode.ts";

/**
 * The generated module of one contract, not yet formatted. A pure function of its input, and free of compiler ids: an
 * edit elsewhere in the project leaves it byte for byte as it was.
 */
export function generateModule(facts: ContractFacts, runtimePath = "../layout", libPath = "../../lib"): string {
  const layout = buildLayout(facts);
  const events = eventCodes(facts.name, facts.abi);
  const body = [
    ...(layout.variables.length > 0 ? [layoutSource(layout), new StorageCode(layout).emit()] : []),
    ...eventsSource(facts.name, events),
    errorsSource(facts.name, facts.abi),
  ].join("\n\n");
  return `// Generated from ${facts.source}; do not edit: npm run generate.\n${imports(body, runtimePath, libPath)}\n\n${body}\n`;
}

function layoutSource(layout: Layout): string {
  const labels = layout.variables.map(({ label }) => JSON.stringify(label));
  return [
    `/** State variables of ${layout.contract}, in storage order. */`,
    `export const VARIABLES = [${labels.join(", ")}] as const;`,
    "",
    `/** The storage layout of ${layout.contract} as data. */`,
    `export const LAYOUT: Layout = ${literal(layout)};`,
  ].join("\n");
}

function eventsSource(contract: string, events: readonly EventCode[]): string[] {
  if (events.length === 0) return [];
  const topics = events.map(({ name, topic0 }) => `${name}: "${topic0}"`);
  const cases = events.map(({ name, topic0 }) => `case "${topic0}": return decode${upperFirst(name)}(log);`);
  return [
    `/** Topic 0 of each event of ${contract}. */\nexport const TOPICS = { ${topics.join(", ")} } as const;`,
    ...events.map(({ source }) => source),
    `/** Any event of ${contract}. */\nexport type ${contract}Event = ${events.map(({ name }) => `${name}Event`).join(" | ")};`,
    `/** Decodes a log by its topic 0; null when that is no event of ${contract}. Throws {@link DecodeError}. */
     export function decodeEvent(log: LogData): ${contract}Event | null {
       switch (log.topics[0]) { ${cases.join("\n")} default: return null; }
     }`,
  ];
}

function errorsSource(contract: string, abi: readonly AbiEntry[]): string {
  const selectors = new Map<string, string>();
  for (const entry of abi) {
    if (entry.type !== "error") continue;
    const name = entry.name ?? "";
    const selector = selectorOf(signatureOf(name, entry.inputs ?? []));
    const other = selectors.get(selector);
    if (other !== undefined && other !== name) {
      throw new GenerateError(`${contract}: ${name} and ${other} share a selector`);
    }
    selectors.set(selector, name);
  }
  const entries = [...selectors].sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([id, name]) => `"${id}": "${name}"`);
  return `/** Names of ${contract}'s errors by selector. */
    export const ERROR_SELECTORS: Readonly<Record<Hex, string>> = { ${entries.join(", ")} };`;
}

function imports(body: string, runtimePath: string, libPath: string): string {
  const used = (names: readonly string[] = []): string[] =>
    names.filter((name) => new RegExp(`\\b${name}\\b(?!:)`).test(body));
  const lines: string[] = [];
  const hex = used(["Hash", "Hex"]);
  if (hex.length > 0) lines.push(`import type { ${hex.join(", ")} } from "${libPath}/hex.ts";`);
  for (const file of [...new Set([...Object.keys(RUNTIME), ...Object.keys(RUNTIME_TYPES)])].sort()) {
    const values = used(RUNTIME[file]);
    const types = used(RUNTIME_TYPES[file]);
    if (values.length === 0 && types.length === 0) continue;
    const names = values.length === 0 ? types : [...values, ...types.map((name) => `type ${name}`)];
    lines.push(`import ${values.length === 0 ? "type " : ""}{ ${names.join(", ")} } from "${runtimePath}/${file}";`);
  }
  return lines.join("\n");
}

/** Plain data as TypeScript source. */
function literal(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}: ${literal(inner)}`)
    .join(", ")} }`;
}
