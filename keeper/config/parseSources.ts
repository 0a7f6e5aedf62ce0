import { redactUrl } from "../lib/redact.ts";
import { parseSourceUrl } from "../lib/parseSourceUrl.ts";
import type { SourceConfig } from "./KeeperConfig.ts";
import type { Parsed, Parser } from "./parsers.ts";
import { accept, reject } from "./parsers.ts";

const EXPECTED = "http(s)://, ws(s):// or the path of an IPC socket, optionally followed by |operator|client";
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

interface Entry {
  readonly url: string;
  readonly operator: string;
  readonly client: string;
}

/**
 * The sources in a comma-separated list of `url` or `url|operator|client`, or in a list of such texts or objects.
 *
 * The operator of a bare URL is its host: two endpoints of one host are one voice unless the operator says otherwise.
 * The same URL twice is refused, for it would be one voice counted twice.
 */
export const parseSources: Parser<readonly SourceConfig[]> = (raw) => {
  const items = typeof raw === "string" ? raw.split(",").map((item) => item.trim()) : raw;
  if (!Array.isArray(items)) return reject("a list of sources, separated by commas");
  const entries: Entry[] = [];
  for (const [index, item] of (items as unknown[]).entries()) {
    const entry = parseEntry(item);
    if (!entry.ok) return reject(`source ${index + 1} to be ${entry.expected}`, entry.shown);
    if (entries.some(({ url }) => url === entry.value.url)) {
      return reject(`source ${index + 1} to differ from the sources before it`, redactUrl(entry.value.url));
    }
    entries.push(entry.value);
  }
  return accept(Object.freeze(entries.map((entry, index) => Object.freeze({ id: idOf(entries, index), ...entry }))));
};

function parseEntry(item: unknown): Parsed<Entry> {
  const fields = readFields(item);
  if (fields === undefined) return reject(EXPECTED, "***");
  const target = parseSourceUrl(fields.url);
  if (target === undefined) return reject(EXPECTED, fields.url.includes("://") ? redactUrl(fields.url) : "***");
  const operator = fields.operator ?? (target.kind === "ipc" ? "local" : target.url.hostname.replaceAll(/[[\]]/g, ""));
  const client = fields.client ?? "unknown";
  const isNamed = (fields.operator === undefined || NAME.test(operator)) && NAME.test(client);
  if (!isNamed) return reject("named by letters, digits, dots, dashes and underscores", redactUrl(fields.url));
  return accept({ url: fields.url, operator, client });
}

function readFields(
  item: unknown,
): { url: string; operator: string | undefined; client: string | undefined } | undefined {
  if (typeof item === "string") {
    const parts = item.split("|").map((part) => part.trim());
    const [url, operator, client] = parts;
    if (url === undefined || url === "" || (parts.length !== 1 && parts.length !== 3)) return undefined;
    return { url, operator, client };
  }
  if (typeof item !== "object" || item === null) return undefined;
  const { url, operator, client, ...rest } = item as Record<string, unknown>;
  if (typeof url !== "string" || Object.keys(rest).length > 0) return undefined;
  if (operator !== undefined && typeof operator !== "string") return undefined;
  if (client !== undefined && typeof client !== "string") return undefined;
  return { url, operator, client };
}

function idOf(entries: readonly Entry[], index: number): string {
  const { operator } = entries[index]!;
  const isAlone = entries.filter((entry) => entry.operator === operator).length === 1;
  const position = entries.slice(0, index + 1).filter((entry) => entry.operator === operator).length;
  return isAlone ? operator : `${operator}-${position}`;
}
