import { Interface, type FunctionFragment, type InterfaceAbi, type ParamType } from "ethers";

import { contractOf, DOES_NOTHING, SUCCEEDS, type Outcome, type Row } from "./Row.ts";
import type { Stage } from "./stage.ts";

/** More than any call of the matrix needs; a fixed one, so that a call that reverts is sent all the same. */
const GAS_LIMIT = 12_000_000n;

/** Names of custom errors by selector. */
export type ErrorNames = ReadonlyMap<string, string>;

/** Names of the custom errors of every ABI that is given. */
export function errorNames(abis: readonly InterfaceAbi[]): ErrorNames {
  const names = new Map<string, string>();
  for (const abi of abis) Interface.from(abi).forEachError(({ selector, name }) => names.set(selector, name));
  return names;
}

/** A call as it is sent. */
export interface Call {
  readonly to: string;
  readonly data: string;
}

/** What `row` sends, after its preparation, which happens here. */
export async function prepareCall(stage: Stage, row: Row): Promise<Call> {
  await row.prepare?.(stage);
  const contract = contractOf(stage, row.contract);
  const fragment = contract.interface.getFunction(row.fn)!;
  const args = row.args === undefined ? fragment.inputs.map((input) => zeroOf(input)) : await row.args(stage);
  return { to: contract.target as string, data: contract.interface.encodeFunctionData(fragment, args) };
}

/** Sends `call` as `row` says, and tells the outcome. */
export async function attempt(stage: Stage, row: Row, call: Call, names: ErrorNames): Promise<Outcome> {
  const signer = row.from === undefined ? stage.stranger : row.from(stage);
  try {
    const sent = await signer.sendTransaction({ ...call, gasLimit: GAS_LIMIT });
    return (await sent.wait())!.logs.length === 0 ? DOES_NOTHING : SUCCEEDS;
  } catch (error: unknown) {
    return nameOf(error, names) ?? `${row.contract}.${row.fn}: ${String(error)}`;
  }
}

/** What would become of `call` from `address` now: {@link SUCCEEDS} whenever it does not revert. */
export async function attemptAs(stage: Stage, address: string, call: Call, names: ErrorNames): Promise<Outcome> {
  try {
    await stage.ethers.provider.send("eth_call", [{ ...call, from: address }, "latest"]);
    return SUCCEEDS;
  } catch (error: unknown) {
    return nameOf(error, names) ?? String(error);
  }
}

function nameOf(error: unknown, names: ErrorNames): string | undefined {
  if (!(error instanceof Error) || !("data" in error)) return undefined;
  const { data } = error;
  const bytes = typeof data === "object" && data !== null && "data" in data ? data.data : data;
  return typeof bytes === "string" ? names.get(bytes.slice(0, 10)) : undefined;
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
