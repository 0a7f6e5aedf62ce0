import { hasDecodableUserInfo } from "../lib/hasDecodableUserInfo.ts";
import { redactHost, redactUrl } from "../lib/redact.ts";
import type { SourceTarget } from "../lib/parseSourceUrl.ts";
import { parseSourceUrl } from "../lib/parseSourceUrl.ts";
import type { SourceConfig } from "./KeeperConfig.ts";
import type { Parsed, Parser } from "./parsers.ts";
import { accept, reject } from "./parsers.ts";

const EXPECTED = "http(s)://, ws(s):// or the path of an IPC socket, optionally followed by |operator|client";
const USER_INFO = "a URL whose user and password are percent-encoded, `%` as `%25`";
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
    if (entries.some(({ url }) => canonical(url) === canonical(entry.value.url))) {
      return reject(`source ${index + 1} to differ from the sources before it`, redactUrl(entry.value.url));
    }
    entries.push(entry.value);
  }
  return accept(Object.freeze(withIds(entries)));
};

function parseEntry(item: unknown): Parsed<Entry> {
  const fields = readFields(item);
  if (fields === undefined) return reject(EXPECTED, "***");
  const target = parseSourceUrl(fields.url);
  if (target === undefined) return reject(EXPECTED, fields.url.includes("://") ? redactUrl(fields.url) : "***");
  if (target.kind !== "ipc" && !hasDecodableUserInfo(target.url)) return reject(USER_INFO, redactUrl(fields.url));
  const operator = fields.operator ?? hostOf(target);
  const client = fields.client ?? "unknown";
  const isNamed = (fields.operator === undefined || NAME.test(operator)) && NAME.test(client);
  if (!isNamed) return reject("named by letters, digits, dots, dashes and underscores", redactUrl(fields.url));
  // Names that differ in case only are one operator: a slip must not make two voices of one.
  return accept({ url: fields.url, operator: operator.toLowerCase(), client });
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

/** The host, without a key that it may hold; everything on this machine's sockets is one operator. */
function hostOf(target: SourceTarget): string {
  return target.kind === "ipc" ? "local" : redactHost(target.url.hostname).replaceAll(/[[\]]/g, "");
}

/** The same for two spellings of one URL. */
function canonical(url: string): string {
  const target = parseSourceUrl(url);
  return target === undefined || target.kind === "ipc" ? (target?.path ?? url) : target.url.href;
}

/** An id is the operator's name, numbered where one operator has several sources or the name is taken. */
function withIds(entries: readonly Entry[]): SourceConfig[] {
  const taken = new Set<string>();
  return entries.map((entry) => {
    const isAlone = entries.filter(({ operator }) => operator === entry.operator).length === 1;
    let id = isAlone ? entry.operator : `${entry.operator}-1`;
    for (let position = 2; taken.has(id); position++) id = `${entry.operator}-${position}`;
    taken.add(id);
    return Object.freeze({ id, ...entry });
  });
}
