import type { AstNode } from "./solcOutput.ts";

/** What the storage layout leaves out of the types that it names, by AST id. */
export interface Definitions {
  /** Elementary type below each user-defined value type. */
  readonly underlying: ReadonlyMap<number, string>;
  readonly enumMembers: ReadonlyMap<number, readonly string[]>;
  /** Names of the mapping keys of each state variable and struct member; "" where the source gives none. */
  readonly keyNames: ReadonlyMap<number, readonly string[]>;
}

/** Collects type definitions from the file and contract level of every source. */
export function readDefinitions(asts: readonly AstNode[]): Definitions {
  const underlying = new Map<number, string>();
  const enumMembers = new Map<number, readonly string[]>();
  const keyNames = new Map<number, readonly string[]>();

  const visit = (node: AstNode): void => {
    const id = node.id ?? -1;
    if (node.nodeType === "UserDefinedValueTypeDefinition") {
      underlying.set(id, String((node["underlyingType"] as AstNode)["name"]));
    } else if (node.nodeType === "EnumDefinition") {
      enumMembers.set(
        id,
        nodesOf(node, "members").map((member) => String(member["name"])),
      );
    } else if (node.nodeType === "VariableDeclaration") {
      keyNames.set(id, keyNamesOf(node["typeName"] as AstNode | undefined));
    } else if (node.nodeType === "StructDefinition") {
      nodesOf(node, "members").forEach(visit);
    } else if (node.nodeType === "SourceUnit" || node.nodeType === "ContractDefinition") {
      nodesOf(node, "nodes").forEach(visit);
    }
  };
  asts.forEach(visit);
  return { underlying, enumMembers, keyNames };
}

function keyNamesOf(typeName: AstNode | undefined): string[] {
  if (typeName?.nodeType === "ArrayTypeName") return keyNamesOf(typeName["baseType"] as AstNode);
  if (typeName?.nodeType !== "Mapping") return [];
  const keyName = typeName["keyName"];
  return [typeof keyName === "string" ? keyName : "", ...keyNamesOf(typeName["valueType"] as AstNode)];
}

function nodesOf(node: AstNode, property: string): AstNode[] {
  const nodes = node[property];
  return Array.isArray(nodes) ? (nodes as AstNode[]) : [];
}
