import { readFileSync } from "node:fs";

import { parse } from "yaml";

/** A rule of ops/prometheus/alerts.yml. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

/** Where the rules lie. */
export const RULES = new URL("../../ops/prometheus/alerts.yml", import.meta.url);

/** Every rule, in the order of the file. */
export function alertRules(): readonly AlertRule[] {
  const { groups } = parse(readFileSync(RULES, "utf8")) as { readonly groups: readonly { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** What an expression reads: each selector with the labels that it matches or groups by, of the project's metrics only. */
export function metricsIn(expr: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  return [...expr.matchAll(/\b(lockstep_\w+)(?:\{([^}]*)\})?/g)].map(([, name = "", matchers = ""]) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label),
  }));
}
