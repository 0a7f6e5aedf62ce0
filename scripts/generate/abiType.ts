import type { ValueKind } from "../../keeper/books/layout/Layout.ts";
import { valueKindOf } from "./buildLayout.ts";
import { GenerateError } from "./GenerateError.ts";
import type { AbiParameter } from "./solcOutput.ts";

/** An ABI type that the event decoders support: one level of dynamic data, static below it. */
export type AbiType =
  | { readonly kind: "value"; readonly value: ValueKind; readonly bytes: number }
  | { readonly kind: "bytes" }
  | { readonly kind: "array"; readonly base: AbiType; readonly length: number | null }
  | { readonly kind: "tuple"; readonly members: readonly { readonly name: string; readonly type: AbiType }[] };

/** Bits of the elementary types that do not say it in their name. */
const BYTES: Readonly<Record<string, number>> = { bool: 1, address: 20 };

/** Parses a parameter's type. Throws {@link GenerateError} for dynamic data inside arrays or tuples. */
export function parseAbiType(path: string, input: AbiParameter): AbiType {
  const array = /^(.*)\[(\d*)\]$/.exec(input.type);
  if (array !== null) {
    const base = parseAbiType(path, { ...input, type: array[1] ?? "" });
    refuseDynamic(path, base);
    return { kind: "array", base, length: array[2] === "" ? null : Number(array[2]) };
  }
  if (input.type === "tuple") {
    const members = (input.components ?? []).map((component) => {
      const member = `${path}.${component.name}`;
      const type = parseAbiType(member, component);
      refuseDynamic(member, type);
      return { name: component.name, type };
    });
    return { kind: "tuple", members };
  }
  if (input.type === "bytes" || input.type === "string") return { kind: "bytes" };
  const value = valueKindOf(input.type === "function" ? "bytes24" : input.type);
  if (value === null) throw new GenerateError(`${path}: unknown type ${input.type}`);
  const size = Number(/\d+$/.exec(input.type)?.[0] ?? 0);
  const bytes = BYTES[input.type] ?? (input.type === "function" ? 24 : value === "bytes" ? size : size / 8);
  return { kind: "value", value, bytes };
}

/** Whether the head of the encoding holds an offset instead of the value. */
export function isDynamicType(type: AbiType): boolean {
  return type.kind === "bytes" || (type.kind === "array" && type.length === null);
}

/** Words that a static type takes. */
export function wordsOfAbi(type: AbiType): number {
  if (type.kind === "tuple") return type.members.reduce((sum, member) => sum + wordsOfAbi(member.type), 0);
  return type.kind === "array" ? (type.length ?? 0) * wordsOfAbi(type.base) : 1;
}

function refuseDynamic(path: string, type: AbiType): void {
  if (isDynamicType(type)) throw new GenerateError(`${path}: dynamic data inside an array or a tuple is not supported`);
}
