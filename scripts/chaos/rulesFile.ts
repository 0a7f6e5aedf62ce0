import { readFileSync, unwatchFile, watchFile } from "node:fs";

import { checkRule } from "./checkRule.ts";
import { parseRule } from "./parseRule.ts";
import type { Rule } from "./Rule.ts";
import { ruleFault } from "./ruleFault.ts";

/** How often a watched file is looked at: its folder may be of any kind, and editors replace files. */
const LOOK_MS = 250;

/**
 * The rules in a file: a JSON list of rules, each an object or a text as `parseRule` reads it.
 *
 * @throws KeeperError `ChaosRule` naming the file and the rule's place in it, from 1
 */
export function readRules(path: string): Rule[] {
  const rules = readList(path);
  return rules.map((rule, index) => {
    const name = `${path}: rule ${index + 1}`;
    return typeof rule === "string" ? parseRule(rule, path) : checkRule(rule, name);
  });
}

/** Calls back whenever the file has changed, or is gone or back, until the returned function is called. */
export function watchRules(path: string, onChange: () => void): () => void {
  const listener = (): void => onChange();
  watchFile(path, { interval: LOOK_MS }, listener);
  return () => unwatchFile(path, listener);
}

function readList(path: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error: unknown) {
    throw ruleFault(path, error instanceof Error ? error.message : String(error));
  }
  if (!Array.isArray(value)) throw ruleFault(path, "expected a JSON list of rules");
  return value as unknown[];
}
