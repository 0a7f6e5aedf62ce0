import { isBuiltin } from "node:module";
import { dirname, posix, relative, sep } from "node:path";

import type { Rule } from "eslint";
import type { Node } from "estree";

import { zoneOf, type Zone } from "./zones.ts";

/** Where an import leads, and whether it vanishes with the types. */
interface Edge {
  readonly source: string;
  readonly isType: boolean;
}

/** `lockstep/zones`: every import is one that the table in zones.ts allows. Unknown folders of keeper/ are refused. */
export const zonesRule: Rule.RuleModule = {
  meta: { type: "problem", schema: [], docs: { description: "Imports follow the table in scripts/lint/zones.ts." } },
  create(context) {
    const path = relative(context.cwd, context.filename).split(sep).join("/");
    const zone = zoneOf(path);
    const report = (node: Node, problem: string): void => {
      context.report({ node, message: problem });
    };
    const check = (node: Node, edge: Edge): void => {
      const problem = zone === undefined ? unknownZone(path) : problemOf(zone, path, edge);
      if (problem !== undefined) report(node, problem);
    };
    return {
      ImportDeclaration: (node) => {
        check(node, { source: String(node.source.value), isType: isTypeOnly(node) });
      },
      ExportAllDeclaration: (node) => {
        check(node, { source: String(node.source.value), isType: isTypeOnly(node) });
      },
      ExportNamedDeclaration: (node) => {
        if (node.source) check(node, { source: String(node.source.value), isType: isTypeOnly(node) });
      },
      ImportExpression: (node) => {
        const isLiteral = node.source.type === "Literal" && typeof node.source.value === "string";
        if (isLiteral) check(node, { source: String((node.source as { value: unknown }).value), isType: false });
        else if (zone?.isPure !== false) report(node, "a pure zone imports nothing that it cannot name");
      },
    };
  },
};

/** `import type`, `export type`, or an import each of whose names is a type. */
function isTypeOnly(node: Node): boolean {
  const { importKind, exportKind, specifiers } = node as {
    readonly importKind?: string;
    readonly exportKind?: string;
    readonly specifiers?: readonly { readonly importKind?: string; readonly exportKind?: string }[];
  };
  if (importKind === "type" || exportKind === "type") return true;
  if (specifiers === undefined || specifiers.length === 0) return false;
  return specifiers.every((specifier) => specifier.importKind === "type" || specifier.exportKind === "type");
}

function problemOf(zone: Zone, path: string, { source, isType }: Edge): string | undefined {
  if (isBuiltin(source)) {
    return zone.isPure ? `${zone.name} is pure: it does not import ${source}` : undefined;
  }
  if (!source.startsWith(".")) {
    const name = source
      .split("/")
      .slice(0, source.startsWith("@") ? 2 : 1)
      .join("/");
    if (zone.packages === "*" || zone.packages.includes(name)) return undefined;
    return `${zone.name} does not import the package ${name}`;
  }
  const target = posix.join(dirname(path), source);
  const targetZone = zoneOf(target);
  if (targetZone === undefined) return unknownZone(target);
  if (targetZone === zone || zone.may === "*" || zone.may.includes(targetZone.name)) return undefined;
  if (isType && zone.types?.includes(targetZone.name) === true) return undefined;
  return `${zone.name} does not import ${targetZone.name}: siblings meet in service.ts, their pure halves in loop/`;
}

function unknownZone(path: string): string | undefined {
  return path.startsWith("keeper/") ? `${path} is in no zone: name its folder in scripts/lint/zones.ts` : undefined;
}
