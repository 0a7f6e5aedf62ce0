import { readFileSync } from "node:fs";
import type { AlertSinkConfig } from "./KeeperConfig.ts";
import { accept, reject, type Parsed, type Parser } from "./parsers.ts";

const EXPECTED =
  "`slack|url`, `pagerduty|routing key`, `pagerduty|routing key|base URL`, `json|url` or `json|url|secret`, each secret " +
  "part also as `file:path`";
const ROUTING_KEY = /^[a-z0-9]{32}$/i;
const PAGERDUTY = "https://events.pagerduty.com";
const MIN_SECRET = 16;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Where alerts go: a list, or a text with one a line or separated by commas. All of it is secret, and nothing of it is repeated
 * in a refusal but the position and the kind.
 *
 * A sink is named by its kind, numbered from the second of a kind on. HTTPS is demanded, but for this machine itself, and for JSON
 * webhooks, which may stand in a private network.
 */
export const parseAlerts: Parser<readonly AlertSinkConfig[]> = (raw) => {
  const items = typeof raw === "string" ? split(raw) : raw;
  if (!Array.isArray(items)) return reject("a list of alert sinks, separated by commas or lines");
  const sinks: AlertSinkConfig[] = [];
  for (const [index, item] of (items as unknown[]).entries()) {
    const sink = typeof item === "string" ? readSink(item, sinks) : reject(EXPECTED);
    if (!sink.ok) return reject(`alert sink ${index + 1} to be ${sink.expected}`, "***");
    if (sinks.some((other) => identityOf(other) === identityOf(sink.value))) {
      return reject(`alert sink ${index + 1} to differ from the sinks before it`, "***");
    }
    sinks.push(sink.value);
  }
  return accept(Object.freeze(sinks));
};

/** A file has one a line, with comments; a variable has commas. */
function split(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const items = lines.length > 1 ? lines.filter((line) => !line.startsWith("#")) : text.split(",");
  const trimmed = items.map((item) => item.trim());
  return lines.length > 1 ? trimmed.filter((item) => item !== "") : trimmed;
}

function readSink(text: string, before: readonly AlertSinkConfig[]): Parsed<AlertSinkConfig> {
  const [kind = "", ...rest] = text.split("|").map((part) => part.trim());
  const parts: string[] = [];
  for (const part of rest) {
    const value = readPart(part);
    if (!value.ok) return value;
    parts.push(value.value);
  }
  const [first, second, ...more] = parts;
  if (first === undefined || more.length > 0) return reject(EXPECTED);
  const count = before.filter((sink) => sink.kind === kind).length;
  const name = count === 0 ? kind : `${kind}-${count + 1}`;
  switch (kind) {
    case "slack":
      if (second !== undefined || !isUrl(first)) return reject("`slack|url`, the URL https");
      return accept(Object.freeze({ kind, name, url: first }));
    case "pagerduty": {
      const baseUrl = second ?? PAGERDUTY;
      if (!ROUTING_KEY.test(first)) return reject("`pagerduty|routing key`, the key 32 letters and digits");
      if (!isUrl(baseUrl)) return reject("`pagerduty|routing key|base URL`, the URL https");
      return accept(Object.freeze({ kind, name, routingKey: first, baseUrl: new URL(baseUrl).origin }));
    }
    case "json":
      if (!isUrl(first, /^https?:$/)) return reject("`json|url` or `json|url|secret`, the URL http or https");
      if (second !== undefined && second.length < MIN_SECRET) {
        return reject(`\`json|url|secret\`, the secret at least ${MIN_SECRET} characters`);
      }
      return accept(Object.freeze({ kind, name, url: first, secret: second }));
    default:
      return reject(EXPECTED);
  }
}

/** A part as it stands there, or what the file holds that it names. */
function readPart(part: string): Parsed<string> {
  if (!part.startsWith("file:")) return accept(part);
  try {
    return accept(readFileSync(part.slice("file:".length), "utf8").trim());
  } catch (error: unknown) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return reject(`given by a file that can be read (${code})`);
  }
}

function isUrl(text: string, protocols = /^https:$/): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocols.test(protocol) || (protocol === "http:" && LOOPBACK.test(hostname));
}

function identityOf(sink: AlertSinkConfig): string {
  return sink.kind === "pagerduty" ? `pagerduty ${sink.routingKey}` : `${sink.kind} ${new URL(sink.url).href}`;
}
