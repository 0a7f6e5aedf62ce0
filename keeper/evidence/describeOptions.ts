import { redactText } from "../lib/redact.ts";
import type { KeeperOptions } from "../loop/KeeperOptions.ts";
import { fromPlain, toPlain } from "./codec.ts";

/** Members that may hold a secret, wherever they are: a source of the configuration carries its URL. */
const HIDDEN = /url$|apiKey$|privateKey$|secret|password/i;

/** What the core was told, without anything that must not be shown; it decides the same. */
export function describeOptions(options: KeeperOptions): KeeperOptions {
  return fromPlain(clean(toPlain(options))) as KeeperOptions;
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(clean);
  const shown = Object.entries(value).filter(([name]) => !HIDDEN.test(name));
  return Object.fromEntries(shown.map(([name, item]) => [name, clean(item)]));
}
