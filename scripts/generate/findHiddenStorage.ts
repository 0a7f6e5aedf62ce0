import type { AstNode } from "./solcOutput.ts";

/** Contracts that write slots by number, each with an event that names slot and value: reducers need nothing else. */
const EVENTED: ReadonlySet<unknown> = new Set(["Repairable"]);

/**
 * Ways by which a contract or one of its bases could write a slot that the storage layout does not list: `sstore`, or a
 * storage pointer set by hand (`x.slot := …`, as ERC-7201 namespaces and OpenZeppelin's `StorageSlot` do).
 *
 * Libraries are not searched: they get their storage as arguments from the contracts that are. Returns one sentence a
 * finding.
 */
export function findHiddenStorage(contract: string, source: string, asts: readonly AstNode[]): string[] {
  const contracts = new Map<number, AstNode>();
  let linearized: readonly number[] = [];
  for (const ast of asts) {
    for (const node of (ast["nodes"] ?? []) as AstNode[]) {
      if (node.nodeType !== "ContractDefinition" || node.id === undefined) continue;
      contracts.set(node.id, node);
      const isWanted = node["name"] === contract && String(ast["absolutePath"]).endsWith(source);
      if (isWanted) linearized = node["linearizedBaseContracts"] as number[];
    }
  }
  if (linearized.length === 0) return [`${contract}: not found in the AST of ${source}`];
  return linearized.flatMap((id) => {
    const base = contracts.get(id);
    return base === undefined || EVENTED.has(base["name"])
      ? []
      : [...new Set(findings(base))].map((what) => `${contract}: ${String(base["name"])} ${what}`);
  });
}

function findings(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(findings);
  if (typeof node !== "object" || node === null) return [];
  const { nodeType, name } = node as AstNode;
  const found: string[] = [];
  if (nodeType === "YulFunctionCall" && (node as { functionName: AstNode }).functionName["name"] === "sstore") {
    found.push("writes storage by sstore, past the storage layout");
  }
  if (nodeType === "YulAssignment") {
    const targets = (node as { variableNames: AstNode[] }).variableNames.map((target) => String(target["name"]));
    if (targets.some((target) => target.endsWith(".slot"))) found.push("sets a storage pointer by hand");
  }
  if (nodeType === "Identifier" && name === "StorageSlot") found.push("uses StorageSlot, past the storage layout");
  for (const value of Object.values(node)) found.push(...findings(value));
  return found;
}
