import type { IgnitionModule, IgnitionModuleResult } from "@nomicfoundation/ignition-core";

import { suggest } from "../../keeper/config/suggest.ts";

/** What a parameter can be: a number of seconds, blocks or parts, an amount, or an address. */
export type ParameterValue = number | bigint | string;

/** Every parameter of the module by name, as the deployment would have it. */
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** A parameter that the module asks for. */
export interface DeclaredParameter {
  readonly name: string;
  /** Null where it is an account of the deploying wallet. */
  readonly defaultValue: ParameterValue | null;
}

/** Why parameters are refused: the parameter's name comes first. */
export class ParameterProblem extends Error {
  override readonly name = "ParameterProblem";
}

interface Runtime {
  readonly type: string;
  readonly name?: string;
  readonly defaultValue?: unknown;
}

/** The parameters that a module asks for, in the order in which it uses them. */
export function declaredParameters(
  module: IgnitionModule<string, string, IgnitionModuleResult<string>>,
): readonly DeclaredParameter[] {
  const found = new Map<string, DeclaredParameter>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value as unknown[]) look(item);
    else if (typeof value === "object" && value !== null) {
      const { type, name, defaultValue } = value as Runtime;
      if (type === "MODULE_PARAMETER" && name !== undefined) {
        found.set(name, { name, defaultValue: isPlain(defaultValue) ? defaultValue : null });
      } else if (!("module" in value)) for (const item of Object.values(value)) look(item);
    }
  };
  for (const future of module.futures) {
    if ("constructorArgs" in future) look(future.constructorArgs);
    if ("args" in future) look(future.args);
  }
  return [...found.values()];
}

/**
 * The module's parameters out of what a file says for it, with the defaults where it says nothing.
 *
 * @throws ParameterProblem for a name that the module does not have, or a value of another kind.
 */
export function completeParameters(given: Readonly<Record<string, unknown>>, declared: readonly DeclaredParameter[]) {
  const names = declared.map(({ name }) => name);
  for (const [name, value] of Object.entries(given)) {
    const parameter = declared.find((each) => each.name === name);
    const meant = suggest(name, names);
    if (parameter === undefined)
      throw new ParameterProblem(
        `${name}: the module has no such parameter${meant === undefined ? "" : `; ${meant} was probably meant`}`,
      );
    if (!isPlain(value)) throw new ParameterProblem(`${name}: neither a number, nor "…n", nor an address`);
    const isNumber = typeof parameter.defaultValue === "number" || typeof parameter.defaultValue === "bigint";
    if (isNumber === (typeof value === "string"))
      throw new ParameterProblem(`${name}: ${isNumber ? "a number is" : "an address is"} expected, not ${value}`);
    if (typeof value === "number" && !(Number.isSafeInteger(value) && value >= 0))
      throw new ParameterProblem(`${name}: ${value} is no whole number of at least 0`);
    if (typeof value === "string" && !/^0x[0-9a-fA-F]{40}$/.test(value))
      throw new ParameterProblem(`${name}: ${value} is no address`);
  }
  const all = declared.map(({ name, defaultValue }) => [name, given[name] ?? defaultValue] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== null)) as Parameters;
}

function isPlain(value: unknown): value is ParameterValue {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "string";
}
