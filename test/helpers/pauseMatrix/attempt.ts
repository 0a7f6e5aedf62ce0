import { Interface, type FunctionFragment, type InterfaceAbi, type ParamType } from "ethers";

import { contractOf, SUCCEEDS, type Outcome, type Row } from "./Row.ts";
import type { Stage } from "./stage.ts";

/** More than any call of the matrix needs; a fixed one, so that a call that reverts is sent all the same. */
const GAS_LIMIT = 12_000_000n;

/** Names of custom errors by selector, of every ABI that is given. */
export function errorNames(abis: readonly InterfaceAbi[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const abi of abis) Interface.from(abi).forEachError(({ selector, name }) => names.set(selector, name));
  return names;
}

/** Sends what `row` says, after its preparation, and tells the outcome. */
export async function attempt(stage: Stage, row: Row, names: ReadonlyMap<string, string>): Promise<Outcome> {
  await row.prepare?.(stage);
  const contract = contractOf(stage, row.contract);
  const fragment = contract.interface.getFunction(row.fn)!;
  const args = row.args === undefined ? fragment.inputs.map((input) => zeroOf(input)) : await row.args(stage);
  const signer = row.from === undefined ? stage.stranger : row.from(stage);
  const data = contract.interface.encodeFunctionData(fragment, args);
  try {
    const sent = await signer.sendTransaction({ to: await contract.getAddress(), data, gasLimit: GAS_LIMIT });
    await sent.wait();
    return SUCCEEDS;
  } catch (error: unknown) {
    return names.get(selectorOf(error)) ?? `${row.contract}.${row.fn}: ${String(error)}`;
  }
}

function selectorOf(error: unknown): string {
  if (!(error instanceof Error) || !("data" in error) || typeof error.data !== "string") return "";
  return error.data.slice(0, 10);
}

/** Zero, or nothing, of a type. */
function zeroOf(type: ParamType): unknown {
  if (type.baseType === "array") return [];
  if (type.baseType === "tuple") return type.components!.map((part) => zeroOf(part));
  if (type.type === "bool") return false;
  if (type.type === "address") return `0x${"00".repeat(20)}`;
  if (type.type === "bytes") return "0x";
  return type.type.startsWith("bytes") ? `0x${"00".repeat(Number(type.type.slice(5)))}` : 0n;
}

/** The functions of an ABI that change state, a fallback included. */
export function changingFunctions(abi: InterfaceAbi): string[] {
  const known = Interface.from(abi);
  const functions = known.fragments.filter((fragment): fragment is FunctionFragment => fragment.type === "function");
  const names = functions.filter(({ constant }) => !constant).map(({ name }) => name);
  if (known.fallback !== null || known.receive) names.push("fallback");
  return names.sort();
}
