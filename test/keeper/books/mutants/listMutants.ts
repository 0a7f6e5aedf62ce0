import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import ts from "typescript";

/** One change of one file of the reducers. */
export interface Mutant {
  /** Does not depend on lines: `ledger/market.ts addToClearing + -> - (2)`. */
  readonly name: string;
  /** Relative to the folder of the reducers. */
  readonly file: string;
  readonly line: number;
  readonly source: string;
}

/** A piece of text and what takes its place. */
interface Change {
  readonly node: ts.Node;
  readonly kind: string;
  readonly text: string;
}

const SWAPPED: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.PlusToken, "-"],
  [ts.SyntaxKind.MinusToken, "+"],
  [ts.SyntaxKind.AsteriskToken, "/"],
  [ts.SyntaxKind.SlashToken, "*"],
  [ts.SyntaxKind.PercentToken, "*"],
  [ts.SyntaxKind.LessThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">"],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [ts.SyntaxKind.AmpersandAmpersandToken, "||"],
  [ts.SyntaxKind.BarBarToken, "&&"],
  [ts.SyntaxKind.AmpersandToken, "|"],
  [ts.SyntaxKind.BarToken, "&"],
  [ts.SyntaxKind.CaretToken, "|"],
  [ts.SyntaxKind.LessThanLessThanToken, ">>"],
  [ts.SyntaxKind.GreaterThanGreaterThanToken, "<<"],
  [ts.SyntaxKind.PlusEqualsToken, "-="],
  [ts.SyntaxKind.MinusEqualsToken, "+="],
]);

/** Every mutant of every file below `folder`, in the order of the files and their text. */
export function listMutants(folder: string): Mutant[] {
  const files = globSync("**/*.ts", { cwd: folder }).sort();
  return files.flatMap((file) => mutantsOf(join(folder, file), folder));
}

function mutantsOf(path: string, folder: string): Mutant[] {
  const text = readFileSync(path, "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const file = relative(folder, path);
  const seen = new Map<string, number>();
  return changesOf(source).map(({ node, kind, text: replacement }) => {
    const base = `${file} ${placeOf(node)} ${kind}`;
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    const [start, end] = [node.getStart(), node.getEnd()];
    return {
      name: count === 1 ? base : `${base} (${count})`,
      file,
      line: source.getLineAndCharacterOfPosition(start).line + 1,
      source: text.slice(0, start) + replacement + text.slice(end),
    };
  });
}

function changesOf(source: ts.SourceFile): Change[] {
  const changes: Change[] = [];
  const visit = (node: ts.Node): void => {
    // Types are gone at run time, and what only names modules or fields computes nothing.
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isVariableStatement(node) && node.getText().includes("MAPPED_VARIABLES")) return;
    changes.push(...changesAt(node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return changes;
}

function changesAt(node: ts.Node): Change[] {
  const short = node.getText().replaceAll(/\s+/g, " ").slice(0, 60);
  if (ts.isExpressionStatement(node)) return [{ node, kind: `without "${short}"`, text: ";" }];
  if (ts.isBinaryExpression(node)) {
    const operator = node.operatorToken;
    const other = SWAPPED.get(operator.kind);
    return other === undefined ? [] : [{ node: operator, kind: `${operator.getText()} -> ${other}`, text: other }];
  }
  if (ts.isBigIntLiteral(node))
    return [{ node, kind: `${short} + 1`, text: `${BigInt(node.text.replace("n", "").replaceAll("_", "")) + 1n}n` }];
  if (ts.isNumericLiteral(node)) return [{ node, kind: `${short} + 1`, text: String(Number(node.text) + 1) }];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [{ node, kind: "true -> false", text: "false" }];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [{ node, kind: "false -> true", text: "true" }];
  if (ts.isPrefixUnaryExpression(node)) {
    return [{ node, kind: `without the sign of "${short}"`, text: `(${node.operand.getText()})` }];
  }
  if (ts.isIfStatement(node)) return [negated(node.expression)];
  if (ts.isConditionalExpression(node)) return [negated(node.condition)];
  return ts.isObjectLiteralExpression(node) ? swappedFields(node) : [];
}

function negated(node: ts.Expression): Change {
  const short = node.getText().replaceAll(/\s+/g, " ").slice(0, 60);
  return { node, kind: `not "${short}"`, text: `!(${node.getText()})` };
}

/** Two fields that follow each other take each other's values; and each is left out once. */
function swappedFields(node: ts.ObjectLiteralExpression): Change[] {
  const { properties } = node;
  const changes: Change[] = [];
  const write = (texts: readonly string[]): string => `{ ${texts.join(", ")} }`;
  const texts = properties.map((property) => property.getText());
  properties.forEach((property, index) => {
    if (ts.isMethodDeclaration(property)) return;
    const rest = texts.filter((_, at) => at !== index);
    if (properties.length > 1) {
      const name = texts[index]?.replaceAll(/\s+/g, " ").slice(0, 40) ?? "";
      changes.push({ node, kind: `without the field "${name}"`, text: write(rest) });
    }
    const next = properties[index + 1];
    const [own, other] = [fieldOf(property), next && fieldOf(next)];
    if (own === undefined || other === undefined) return;
    const swapped = texts.with(index, `${own.name}: ${other.value}`).with(index + 1, `${other.name}: ${own.value}`);
    changes.push({ node, kind: `${own.name} <-> ${other.name}`, text: write(swapped) });
  });
  return changes;
}

function fieldOf(property: ts.ObjectLiteralElementLike): { name: string; value: string } | undefined {
  if (ts.isShorthandPropertyAssignment(property)) return { name: property.name.text, value: property.name.text };
  if (!ts.isPropertyAssignment(property)) return undefined;
  return { name: property.name.getText(), value: property.initializer.getText() };
}

/** The function that a node stands in, or the event of its case, or the constant. */
function placeOf(node: ts.Node): string {
  for (let at = node; !ts.isSourceFile(at); at = at.parent) {
    if (ts.isCaseClause(at)) return at.expression.getText().replaceAll('"', "");
    if (ts.isFunctionDeclaration(at)) return at.name?.text ?? "";
    if (ts.isVariableDeclaration(at) && ts.isSourceFile(at.parent.parent.parent)) return at.name.getText();
  }
  return "";
}
