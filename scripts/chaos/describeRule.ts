import type { Action, Rule } from "./Rule.ts";

/** The rule as `parseRule` reads it. A rule with a function is for people only. */
export function describeRule(rule: Rule): string {
  const { method = "*", match, client, after, every, probability, times, forward } = rule;
  const words = [method + (match === undefined ? "" : `[${describeMatch(match)}]`)];
  if (client !== undefined) words.push(`client=${JSON.stringify(client)}`);
  for (const [name, value] of Object.entries({ after, every, probability, times })) {
    if (value !== undefined) words.push(`${name}=${value}`);
  }
  if (forward === true) words.push("forward");
  return `${words.join(" ")}: ${describeAction(rule)}`;
}

function describeMatch(match: string | RegExp): string {
  if (typeof match !== "string" || match.startsWith("/")) return String(match);
  return match.replaceAll(/[\]\\]/g, String.raw`\$&`);
}

function describeAction(action: Action): string {
  const words: readonly (string | number | undefined)[] = argumentsOf(action);
  return [action.action, ...words.filter((word) => word !== undefined)].join(" ");
}

function argumentsOf(action: Action): readonly (string | number | undefined)[] {
  switch (action.action) {
    case "delay":
      return [action.ms];
    case "drip":
      return [action.bytesPerSecond];
    case "truncate":
    case "huge":
      return [action.bytes];
    case "raw":
      return [JSON.stringify(action.text)];
    case "replace":
      return ["change" in action ? "<function>" : JSON.stringify(action.result)];
    case "edit":
      return [quotePath(action.path), JSON.stringify(action.value)];
    case "remove":
      return [quotePath(action.path)];
    case "xor":
      return [quotePath(action.path), action.byte ?? (action.mask === undefined ? undefined : 0), action.mask];
    case "shuffle":
      return [action.count];
    case "stale":
      return [action.blocks];
    case "pin":
      return [action.tag, action.to];
    case "error":
      return [action.code, JSON.stringify(action.message)];
    case "status":
      return [action.status, action.retryAfter === undefined ? undefined : `retry-after=${action.retryAfter}`];
    case "close-ws":
    case "forget-filters":
      return [action.code];
    case "mute-ws":
      return [action.isPonging === false ? "no-pong" : undefined];
    case "upstream":
      return [action.index];
    case "pool":
      return action.indices ?? [];
    default:
      return [];
  }
}

/** The empty path, and one with spaces, as a JSON text. */
function quotePath(path: string): string {
  return path === "" || /[\s"]/.test(path) ? JSON.stringify(path) : path;
}
