import type { Rule } from "./Rule.ts";

export function checkRule(rule: Rule): Rule {
  return rule;
}
