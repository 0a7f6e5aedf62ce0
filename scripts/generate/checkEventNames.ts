import { signatureOf } from "./eventCode.ts";
import type { AbiEntry } from "./solcOutput.ts";

/** One book contract's ABI. */
export interface EventNamesInput {
  readonly contract: string;
  readonly abi: readonly AbiEntry[];
}

/**
 * Checks that an event's name means one event in all book contracts, as the rules of legality take events by their names.
 * Those of a common base are the same event. Returns one sentence a problem, naming both contracts.
 */
export function checkEventNames(inputs: readonly EventNamesInput[]): string[] {
  const known = new Map<string, { readonly contract: string; readonly text: string }>();
  const problems: string[] = [];
  for (const { contract, abi } of inputs) {
    for (const { type, name = "", inputs: parameters = [] } of abi) {
      if (type !== "event") continue;
      const names = parameters.map((parameter) => `${parameter.indexed === true ? "indexed " : ""}${parameter.name}`);
      const text = `${signatureOf(name, parameters)} ${names.join()}`;
      const other = known.get(name);
      if (other === undefined) known.set(name, { contract, text });
      else if (other.text !== text)
        problems.push(`${contract}.${name} is another event in ${other.contract}; rename one`);
    }
  }
  return problems;
}
