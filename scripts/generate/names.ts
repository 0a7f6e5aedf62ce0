import { RUNTIME } from "./runtime.ts";

/** Words that cannot name a parameter: the language's, and what the code around the parameter calls. */
const RESERVED: ReadonlySet<string> = new Set([
  ...["arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete"],
  ...["do", "else", "enum", "eval", "export", "extends", "false", "finally", "for", "function", "if", "implements"],
  ...["import", "in", "instanceof", "interface", "let", "new", "null", "package", "private", "protected", "public"],
  ...["return", "static", "super", "switch", "this", "throw", "true", "try", "typeof", "var", "void", "while"],
  ...["with", "yield", "BigInt"],
  ...Object.values(RUNTIME).flat(),
]);

/** A Solidity label as the generated code names it: without leading underscores. */
export function accessorName(label: string): string {
  return label.replace(/^_+(?=[A-Za-z])/, "").replace(/_+$/, "") || label;
}

/** `accounts.quote` → `AccountsQuote`. */
export function pascalCase(path: string): string {
  return path
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== "")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}

/** A name for a function's parameter that is legal and not in `taken`. */
export function parameterName(wanted: string, fallback: string, taken: readonly string[]): string {
  const base = accessorName(wanted) || fallback;
  const legal = RESERVED.has(base) ? `${base}Key` : base;
  let name = legal;
  for (let suffix = 2; taken.includes(name); suffix += 1) name = `${legal}${suffix}`;
  return name;
}

/** `name` with a capital first letter. */
export function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
