import type { Layout, LayoutType, LayoutValue, LayoutVariable, ValueKind } from "../../keeper/books/layout/Layout.ts";
import { GenerateError } from "./GenerateError.ts";
import { readDefinitions, type Definitions } from "./readDefinitions.ts";
import type { ContractFacts, SolcStorageType, SolcStorageVariable } from "./solcOutput.ts";

/** solc's storage layout without compiler ids, with what user-defined types wrap and with the names of mapping keys. */
export function buildLayout(facts: ContractFacts): Layout {
  const definitions = readDefinitions(facts.asts);
  const solcTypes = facts.storageLayout.types ?? {};
  const types = new Map<string, LayoutType>();

  /** Adds the type `id` of `path` and everything below it; returns the label that names it from here on. */
  const add = (id: string, path: string): string => {
    const solcType = solcTypes[id];
    if (solcType === undefined) throw new GenerateError(`${path}: the layout lacks the type ${id}`);
    const { label } = solcType;
    if (ids.has(label)) {
      if (ids.get(label) !== id && solcType.encoding !== "bytes") {
        throw new GenerateError(`${path}: two storage types are called "${label}"; rename one`);
      }
      return label;
    }
    ids.set(label, id);
    types.set(label, describe(id, solcType, path));
    return label;
  };
  const ids = new Map<string, string>();

  const describe = (id: string, type: SolcStorageType, path: string): LayoutType => {
    const { label } = type;
    if (type.encoding === "bytes") return { kind: "bytes", label };
    if (type.encoding === "mapping") {
      return { kind: "mapping", label, key: add(type.key ?? "", path), value: add(type.value ?? "", path) };
    }
    if (type.base !== undefined) {
      const length = /\)(\d+)_storage$/.exec(id)?.[1];
      return { kind: "array", label, base: add(type.base, path), length: length === undefined ? null : BigInt(length) };
    }
    if (type.members !== undefined) {
      const slots = BigInt(type.numberOfBytes) / 32n;
      return { kind: "struct", label, slots, members: type.members.map((member) => variable(member, path)) };
    }
    return describeValue(path, id, type, definitions);
  };

  const variable = (source: SolcStorageVariable, parent: string): LayoutVariable => ({
    label: source.label,
    type: add(source.type, `${parent}.${source.label}`),
    slot: BigInt(source.slot),
    offset: source.offset,
    keyNames: definitions.keyNames.get(source.astId) ?? [],
  });

  const variables = facts.storageLayout.storage.map((source) => variable(source, facts.name));
  const labels = variables.map(({ label }) => label);
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) {
    throw new GenerateError(`${facts.name}: two storage variables are called ${twice} (one is inherited); rename one`);
  }
  const sorted = [...types].sort(([a], [b]) => (a < b ? -1 : 1));
  return { contract: facts.name, variables, types: Object.fromEntries(sorted) };
}

function describeValue(path: string, id: string, type: SolcStorageType, definitions: Definitions): LayoutValue {
  const { label } = type;
  const bytes = Number(type.numberOfBytes);
  const astId = Number(/(\d+)$/.exec(id)?.[1] ?? -1);
  let elementary = label;
  let members: readonly string[] | undefined;
  if (id.startsWith("t_userDefinedValueType(")) elementary = definitions.underlying.get(astId) ?? "";
  else if (id.startsWith("t_contract(") || label === "address payable") elementary = "address";
  else if (id.startsWith("t_function_internal_")) {
    throw new GenerateError(`${path}: a ${label} is a place in the code, which no event can carry`);
  } else if (id.startsWith("t_function_")) elementary = `bytes${bytes}`;
  else if (id.startsWith("t_enum(")) {
    elementary = `uint${8 * bytes}`;
    members = definitions.enumMembers.get(astId);
    if (members === undefined) throw new GenerateError(`${path}: the AST lacks ${label}`);
  }
  const value = valueKindOf(elementary);
  if (value === null) throw new GenerateError(`${path}: cannot read a ${label}`);
  return { kind: "value", label, elementary, value, bytes, ...(members === undefined ? {} : { members }) };
}

/** How an elementary type is read; null for anything that is none. */
export function valueKindOf(elementary: string): ValueKind | null {
  if (elementary === "bool" || elementary === "address") return elementary;
  return (/^(uint|int|bytes)\d+$/.exec(elementary)?.[1] as ValueKind | undefined) ?? null;
}
