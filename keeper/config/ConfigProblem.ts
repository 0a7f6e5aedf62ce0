import { KeeperError } from "../errors/KeeperError.ts";
import { redactText } from "../lib/redact.ts";
import { toJson } from "../lib/toJson.ts";

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** The name as the operator wrote it: `--api-port`, `LOCKSTEP_API_PORT`, `apiPort in lockstep.json`. */
  readonly name: string;
  /** What was given, redacted; absent when nothing was. */
  readonly value?: string;
  readonly expected: string;
}

/** Everything that is wrong, in one `ConfigInvalid` fault: an operator mends it in one go. */
export function configError(problems: readonly ConfigProblem[]): KeeperError {
  const lines = problems.map(({ name, value, expected }) => {
    return value === undefined ? `${name}: ${expected}` : `${name} is ${value}, expected ${expected}`;
  });
  const message =
    lines.length === 1 ? `invalid configuration: ${lines[0]}` : ["invalid configuration:", ...lines].join("\n  ");
  return new KeeperError("ConfigInvalid", message, { problems });
}

/** A value that holds no secret by its kind, as a message may repeat it. */
export function showValue(value: unknown): string {
  const text = redactText(toJson(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
