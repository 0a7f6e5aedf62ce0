import type { Rule } from "./Rule.ts";

export function parseRule(text: string): Rule {
  throw new Error(text);
}
