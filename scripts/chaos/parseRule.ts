import { ACTIONS, usageOf, type Argument } from "./actionTable.ts";
import { checkRule, CONDITION_NAMES } from "./checkRule.ts";
import type { ActionName, Rule } from "./Rule.ts";
import { unknownName } from "./ruleFault.ts";
import { RuleText } from "./RuleText.ts";

const NUMERIC_CONDITIONS = new Set(["after", "every", "probability", "times"]);
/** What can be written after a method: the others are part of it. */
const WRITTEN_CONDITIONS = CONDITION_NAMES.filter((name) => name !== "method" && name !== "match");

/**
 * Reads a rule: `method[match] condition=value … forward: action arguments`, of which only the method and the action
 * must be there. The match is a text, in which `\]` and `\\` stand for themselves, or `/a regular expression/i`.
 *
 * @param place where the text comes from, for messages
 * @throws KeeperError `ChaosRule` with `rule` and `position`, saying what is allowed there
 */
export function parseRule(text: string, place?: string): Rule {
  const name = `${place === undefined ? "" : `${place}: `}rule "${text}"`;
  const source = new RuleText(text, name);
  const rule: Record<string, unknown> = {};
  const positions = new Map<string, number>();
  source.skipSpaces();
  positions.set("method", source.position);
  rule["method"] = source.match(/[\w*]+/y);
  if (rule["method"] === "") throw source.fault("expected a method, such as eth_getLogs, eth_* or *");
  if (source.match(/\[/y) !== "") {
    positions.set("match", source.position);
    rule["match"] = readMatch(source);
  }
  readConditions(source, rule, positions);
  source.skipSpaces();
  const from = source.position;
  const action = source.match(/[\w-]+/y);
  if (!Object.hasOwn(ACTIONS, action)) throw source.fault(unknownName("action", action, Object.keys(ACTIONS)), from);
  positions.set("action", from);
  rule["action"] = action;
  readArguments(source, action as ActionName, rule, positions);
  return checkRule(rule, name, positions);
}

function readMatch(source: RuleText): string {
  const from = source.position;
  const isPattern = source.isNext("/");
  const written = isPattern ? source.match(/\/(?:[^/\\]|\\.)+\/i?/sy) : source.match(/(?:[^\]\\]|\\[\]\\])+/sy);
  if (written === "")
    throw source.fault(
      isPattern ? "expected /a regular expression/" : "expected a text or /a regular expression/",
      from,
    );
  if (source.match(/\]/y) === "")
    throw source.fault(
      isPattern ? "expected ]" : String.raw`expected ], and \] or \\ for such a character in the text`,
    );
  return isPattern ? written : written.replaceAll(/\\([\]\\])/g, "$1");
}

function readConditions(source: RuleText, rule: Record<string, unknown>, positions: Map<string, number>): void {
  for (;;) {
    const spaces = source.match(/\s*/y);
    if (source.match(/:/y) !== "") return;
    const from = source.position;
    const name = spaces === "" ? "" : source.match(/[\w-]+/y);
    if (name === "")
      throw source.fault(`expected ":" and an action, or a space and a condition (${WRITTEN_CONDITIONS.join(", ")})`);
    if (!WRITTEN_CONDITIONS.includes(name))
      throw source.fault(unknownName("condition", name, WRITTEN_CONDITIONS), from);
    if (Object.hasOwn(rule, name)) throw source.fault(`${name} is given twice`, from);
    if (name === "forward") {
      rule[name] = true;
      continue;
    }
    if (source.match(/=/y) === "") throw source.fault(`expected ${name}=…`);
    const at = source.position;
    positions.set(name, at);
    const value = source.isNext('"') ? source.quoted() : source.match(/[^\s:]+/y);
    rule[name] = NUMERIC_CONDITIONS.has(name) ? Number(value === "" ? Number.NaN : value) : value;
    if (value === "" || Number.isNaN(rule[name]))
      throw source.fault(`${name}: expected a ${NUMERIC_CONDITIONS.has(name) ? "number" : "text"}`, at);
  }
}

function readArguments(
  source: RuleText,
  action: ActionName,
  rule: Record<string, unknown>,
  positions: Map<string, number>,
): void {
  for (const argument of ACTIONS[action].arguments) {
    source.skipSpaces();
    if (source.isAtEnd) {
      if (argument.isOptional === true) continue;
      throw source.fault(`${action}: expected ${argument.field} (${usageOf(action)})`);
    }
    const from = source.position;
    positions.set(argument.field, from);
    const value = readArgument(source, argument);
    if (value === undefined) throw source.fault(`${argument.field}: not understood (${usageOf(action)})`, from);
    rule[argument.field] = value;
  }
  source.skipSpaces();
  if (!source.isAtEnd) throw source.fault(`nothing more expected (${usageOf(action)})`);
}

/** Undefined for what is none. */
function readArgument(source: RuleText, { kind }: Argument): unknown {
  switch (kind) {
    case "whole":
      return toNumber(readWord(source));
    case "text":
      return source.isNext('"') ? source.quoted() : source.rest();
    case "json":
      return toJson(source.rest());
    case "path":
      return source.isNext('"') ? source.quoted() : readWord(source);
    case "tag":
      return readWord(source);
    case "block": {
      const word = readWord(source);
      return toNumber(word) ?? word;
    }
    case "wholes": {
      const numbers = source.rest().split(/\s+/).map(toNumber);
      return numbers.includes(undefined) ? undefined : numbers;
    }
    case "retryAfter":
      return source.match(/retry-after=/y) === "" ? undefined : source.rest();
    case "noPong":
      return readWord(source) === "no-pong" ? false : undefined;
  }
}

function readWord(source: RuleText): string {
  return source.match(/\S+/y);
}

function toNumber(word: string): number | undefined {
  return /^(?:-?\d+|0x[0-9a-f]+)$/i.test(word) ? Number(word) : undefined;
}

function toJson(text: string): unknown {
  // Hex is what results mostly are, and quotes are a nuisance in a shell.
  if (/^0x[0-9a-f]*$/i.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
