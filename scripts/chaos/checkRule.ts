import { ACTIONS, usageOf, type Argument } from "./actionTable.ts";
import { PUSH_ACTIONS } from "./canApply.ts";
import { parsePath } from "./editJson.ts";
import { parsePattern } from "./parsePattern.ts";
import { BLOCK_TAGS, PUSH, type ActionName, type Rule } from "./Rule.ts";
import { isRecord } from "./rpcMessage.ts";
import { ruleFault, unknownName } from "./ruleFault.ts";

/** What each condition must be: what it is called, and whether a value is one. */
const CONDITIONS: Readonly<Record<string, readonly [expected: string, isOne: (value: unknown) => boolean]>> = {
  method: [
    "a method's name, with * for any characters",
    (value) => typeof value === "string" && /^[\w*]+$/.test(value),
  ],
  match: ["a text, or /a regular expression/", (value) => value instanceof RegExp || isText(value)],
  client: ["an IP address or a part of a User-Agent", isText],
  after: ["a whole number", (value) => isWhole(value, 0)],
  every: ["a whole number from 1", (value) => isWhole(value, 1)],
  probability: ["a number above 0, at most 1", (value) => typeof value === "number" && value > 0 && value <= 1],
  times: ["a whole number from 1", (value) => isWhole(value, 1)],
  forward: ["true or false", (value) => typeof value === "boolean"],
};

/** The names of the conditions, as they stand in a rule. */
export const CONDITION_NAMES: readonly string[] = Object.keys(CONDITIONS);

/**
 * A rule, of a value that may come from a file.
 *
 * @param name what the rule is called in a message
 * @param positions where in the rule's text its fields stand, from 1
 * @throws KeeperError `ChaosRule`, saying what is allowed
 */
export function checkRule(rule: unknown, name = "the rule", positions: ReadonlyMap<string, number> = new Map()): Rule {
  if (!isRecord(rule)) throw ruleFault(name, "expected an object or the text of a rule");
  const { action } = rule;
  const actions = Object.keys(ACTIONS);
  if (typeof action !== "string") throw ruleFault(name, `expected an action, one of ${actions.join(", ")}`);
  if (!Object.hasOwn(ACTIONS, action)) throw ruleFault(name, unknownName("action", action, actions));
  const entry = ACTIONS[action as ActionName];
  const known = ["action", ...CONDITION_NAMES, ...entry.arguments.map(({ field }) => field)];
  const isByFunction = action === "replace" && typeof rule["change"] === "function";
  for (const [field, value] of Object.entries(rule)) {
    if (isByFunction && field === "change") continue;
    if (!known.includes(field)) throw ruleFault(name, unknownName("field", field, known));
    const condition = CONDITIONS[field];
    if (condition?.[1](value) === false)
      throw ruleFault(name, `${field}: expected ${condition[0]}`, positions.get(field));
  }
  for (const argument of entry.arguments) {
    const value = rule[argument.field];
    if (value === undefined && (argument.isOptional === true || isByFunction)) continue;
    const expected = problemOf(argument, value);
    if (expected !== undefined)
      throw ruleFault(
        name,
        `${argument.field}: expected ${expected} (${usageOf(action as ActionName)})`,
        positions.get(argument.field),
      );
  }
  const checked = rule as unknown as Rule;
  checkTogether(checked, name, positions);
  return checked;
}

/** What an argument must be, when it is not. */
function problemOf({ kind, min = 0, max = Number.MAX_SAFE_INTEGER }: Argument, value: unknown): string | undefined {
  switch (kind) {
    case "whole":
      if (isWhole(value, min) && value <= max) return undefined;
      return `a whole number ${max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`}`;
    case "text":
      return typeof value === "string" ? undefined : "a text";
    case "json":
      return value === undefined ? "a JSON value" : undefined;
    case "path":
      return typeof value === "string" && parsePath(value) !== undefined ? undefined : "a path such as /logs/0/data";
    case "tag":
      return isTag(value) ? undefined : `one of ${BLOCK_TAGS.join(", ")}`;
    case "block":
      return isTag(value) || isWhole(value, 0) ? undefined : `a block's number or one of ${BLOCK_TAGS.join(", ")}`;
    case "wholes":
      return Array.isArray(value) && value.every((item) => isWhole(item, 0)) ? undefined : "indices of upstreams";
    case "retryAfter":
      return isWhole(value, 0) || isText(value) ? undefined : "seconds or a date";
    case "noPong":
      return typeof value === "boolean" ? undefined : "true or false";
  }
}

/** What each part allows and all of them together do not. */
function checkTogether(rule: Rule, name: string, positions: ReadonlyMap<string, number>): void {
  const { method = "*", match, action } = rule;
  const parts = method.split("*");
  const isForPushes = method === PUSH;
  const mayBePush = parts.length > 1 && PUSH.startsWith(parts[0] ?? "") && PUSH.endsWith(parts.at(-1) ?? "");
  if (isForPushes && !PUSH_ACTIONS.has(action)) {
    throw ruleFault(
      name,
      `${action} is nothing to do to pushes (can be done: ${[...PUSH_ACTIONS].join(", ")})`,
      positions.get("action"),
    );
  }
  if (action === "shuffle" && !isForPushes && !mayBePush) {
    throw ruleFault(name, `shuffle is for pushes: the method must be ${PUSH}`, positions.get("method"));
  }
  if (action === "remove" && rule.path === "")
    throw ruleFault(name, "path: the whole result cannot be removed, see null", positions.get("path"));
  if (typeof match !== "string" || !match.startsWith("/")) return;
  try {
    if (parsePattern(match) === undefined)
      throw new SyntaxError("a text that begins with / is /a regular expression/i");
  } catch (error: unknown) {
    throw ruleFault(name, `match: ${String(error)}`, positions.get("match"));
  }
}

function isWhole(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isTag(value: unknown): boolean {
  return (BLOCK_TAGS as readonly unknown[]).includes(value);
}
