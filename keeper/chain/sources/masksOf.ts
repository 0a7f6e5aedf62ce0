import { redactHost, redactUrl } from "../../lib/redact.ts";

/** Replaces what a URL hides wherever it stands in a text. */
export type Mask = (text: string) => string;

/** What a source shows of what it hides. */
export interface Masks {
  /** For messages and payloads. */
  readonly message: Mask;
  /** For an answer that is kept as it came: short secrets may be words of the protocol, and stay. */
  readonly answer: Mask;
}

const MASK = "***";
/** Shorter ones are no secrets. */
const MIN_LENGTH = 4;
const MIN_LENGTH_IN_ANSWERS = 8;
/** From here on a secret does not stand in a longer word by chance. */
const UNMISTAKABLE_LENGTH = 16;
/** Beginnings of a secret that was cut off are worth hiding from this length on. */
const MIN_PREFIX = 4;

/**
 * Masks for the secrets in a URL: user info, keys in the path, the host or the query, and the fragment. Servers repeat them
 * in error pages and messages, in plain, encoded, or as the header that was made of them. Of a secret at the end of a text that
 * was shortened, its beginning is hidden too.
 */
export function masksOf(url: string): Masks {
  const secrets = secretsOf(url);
  const replaceAll = (text: string): string => replaceWhole(text, secrets);
  const long = secrets.filter(
    (secret) =>
      secret.length >= UNMISTAKABLE_LENGTH || (secret.length >= MIN_LENGTH_IN_ANSWERS && !/^\d+$/.test(secret)),
  );
  return {
    message: (text) =>
      replaceAll(text)
        .split("…")
        .map((piece) => maskCutOff(piece, secrets))
        .join("…"),
    answer: (text) => replaceWhole(text, long),
  };
}

/** Masks for a source without secrets. */
export const NO_MASKS: Masks = { message: (text) => text, answer: (text) => text };

/** The value with every text in it masked; for what a server sent along with an error. */
export function maskDeep(value: unknown, mask: Mask): unknown {
  if (typeof value === "string") return mask(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => maskDeep(item, mask));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [mask(name), maskDeep(item, mask)]));
}

/** Longest first, so that none is hidden in part. */
function secretsOf(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { username, password, hostname, pathname, searchParams, search, hash } = new URL(url);
  const shown = URL.canParse(redactUrl(url)) ? new URL(redactUrl(url)).pathname.split("/") : [];
  const user = decode(username);
  const pass = decode(password);
  const raw = [
    ...[username, password, ...(username === "" && password === "" ? [] : [btoa(toBinary(`${user}:${pass}`))])],
    ...(redactHost(hostname) === hostname ? [] : hostname.split(".").filter((label) => redactHost(label) !== label)),
    ...pathname.split("/").filter((segment, index) => segment !== shown[index]),
    ...[...searchParams.values()],
    ...search
      .slice(1)
      .split("&")
      .map((pair) => pair.slice(pair.indexOf("=") + 1)),
    hash.slice(1),
  ];
  const variants = raw.flatMap((secret) => [secret, decode(secret), JSON.stringify(decode(secret)).slice(1, -1)]);
  const secrets = new Set(variants.filter((secret) => secret.length >= MIN_LENGTH));
  return [...secrets].sort((left, right) => right.length - left.length);
}

function replaceWhole(text: string, secrets: readonly string[]): string {
  const found = secrets.filter((secret) => text.includes(secret));
  return found.length === 0 ? text : text.replace(new RegExp(found.map(toPattern).join("|"), "g"), MASK);
}

/** A short secret counts as a word only: as a part of one it is most likely chance. */
function toPattern(secret: string): string {
  const escaped = secret.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  return secret.length >= UNMISTAKABLE_LENGTH ? escaped : `(?<![0-9A-Za-z])${escaped}(?![0-9A-Za-z])`;
}

function maskCutOff(text: string, secrets: readonly string[]): string {
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, text.length); length >= MIN_PREFIX; length--) {
      if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}${MASK}`;
    }
  }
  return text;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** One character a byte of the UTF-8 text, as `btoa` takes it. */
function toBinary(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
