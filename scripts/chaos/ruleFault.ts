import { suggest } from "../../keeper/config/suggest.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/**
 * What is wrong with a rule.
 *
 * @param rule the rule as its author knows it: its text, or its place in a file
 * @param position of what is wrong in the rule's text, from 1
 */
export function ruleFault(rule: string, problem: string, position?: number): KeeperError {
  const where = position === undefined ? "" : `, at ${position}`;
  return new KeeperError("ChaosRule", `${rule}${where}: ${problem}`, {
    rule,
    ...(position === undefined ? {} : { position }),
  });
}

/** Says that a name is not known, which one may have been meant, and which there are. */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const near = suggest(name, known);
  const hint = near === undefined ? "" : `, did you mean ${near}?`;
  return `unknown ${what} "${name}"${hint} (known: ${known.join(", ")})`;
}
