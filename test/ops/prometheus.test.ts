import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { parse } from "yaml";

import type { MetricFamily } from "../../keeper/telemetry/Metrics.ts";
import { metricFamilies } from "./metricFamilies.ts";
import { alertRules, metricsIn, RULES } from "./prometheusRules.ts";
import { demandPromtool, promtool } from "./promtool.ts";

const FOLDER = new URL("../../ops/", import.meta.url);
const RULE_TESTS = fileURLToPath(new URL("prometheus/alerts.test.yml", FOLDER));
const CONFIGURATION = fileURLToPath(new URL("prometheus/prometheus.yml", FOLDER));

/** What Prometheus adds to every series, and prometheus.yml to those of a keeper. */
const TARGET_LABELS = ["job", "instance", "keeper"];

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface RuleTest {
  readonly name: string;
  readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples: readonly { value: number }[] }[];
}

const families = metricFamilies();

function panels(): readonly Panel[] {
  const text = readFileSync(new URL("grafana/lockstep.json", FOLDER), "utf8");
  return (JSON.parse(text) as { readonly panels: readonly Panel[] }).panels;
}

/** The metric that a selector reads: the lines of a histogram have suffixes. */
function familyOf(name: string): MetricFamily | undefined {
  return families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ""));
}

/** What is wrong with the metrics and labels of an expression. */
function strangersIn(expr: string): string[] {
  return metricsIn(expr).flatMap(({ name, labels }) => {
    const family = familyOf(name);
    if (family === undefined) return [`there is no metric ${name}`];
    const known = [...TARGET_LABELS, ...family.labels, "le"];
    if (family.type === "histogram" && family.name === name) return [`${name} is a histogram: read its buckets`];
    return labels.filter((label) => !known.includes(label)).map((label) => `${name} has no label ${label}`);
  });
}

function expressions(): readonly string[] {
  return [
    ...alertRules().map(({ expr }) => expr),
    ...panels().flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];
}

describe("The alert rules", () => {
  it("read metrics and labels that there are", () => {
    expect(alertRules().flatMap(({ expr }) => strangersIn(expr))).to.deep.equal([]);
  });

  it("name themselves once, say how urgent they are, and lead to their own heading of the runbook", () => {
    const names = alertRules().map(({ alert }) => alert);
    expect(new Set(names).size).to.equal(names.length);
    for (const { alert, labels, annotations } of alertRules()) {
      expect(alert).to.match(/^Lockstep[A-Z]\w+$/);
      expect(labels.severity, alert).to.be.oneOf(["critical", "warning"]);
      expect(annotations.summary, alert).to.match(/^[A-Z].*[^.]$/);
      expect(annotations.description, alert).to.match(/\.$/);
      expect(annotations.runbook_url).to.equal(`docs/runbook.md#${alert.toLowerCase()}`);
    }
  });

  it("fill their texts with labels that their expressions keep", () => {
    for (const { alert, expr, annotations } of alertRules()) {
      const used = [...annotations.description.matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label);
      const [, by] = expr.includes("group_right") ? [] : (/^\w+ by \(([^)]*)\)/.exec(expr) ?? []);
      const grouping = by?.split(/, */);
      const ofMetrics = metricsIn(expr).flatMap(({ name }) => familyOf(name)?.labels ?? []);
      const kept = grouping ?? [...TARGET_LABELS, ...ofMetrics];
      for (const label of used) expect(kept, `${alert} says {{ $labels.${label} }}`).to.include(label);
    }
  });

  it("each have a test in which it is silent, and then fires", () => {
    const { tests } = parse(readFileSync(RULE_TESTS, "utf8")) as { readonly tests: readonly RuleTest[] };
    for (const { alert } of alertRules()) {
      const own = tests.flatMap(({ promql_expr_test: checks = [] }) => checks);
      const seen = own.filter(({ expr }) => expr.includes(`alertname="${alert}"`));
      const counts = seen.map(({ exp_samples: samples }) => samples[0]?.value);
      expect(counts, alert).to.include.members([0, 1]);
    }
  });

  it("pass promtool: the rules, the configuration, and the test of each rule", async function () {
    this.timeout(60_000);
    await demandPromtool(this);
    for (const args of [
      ["check", "rules", fileURLToPath(RULES)],
      ["check", "config", CONFIGURATION],
      ["test", "rules", RULE_TESTS],
    ]) {
      const { code, output } = await promtool(args);
      expect(code, output).to.equal(0);
    }
  });
});

describe("The dashboard", () => {
  it("reads metrics and labels that there are, by the data source that one chooses", () => {
    for (const { title, targets = [], datasource, type } of panels()) {
      for (const { expr } of targets) {
        expect(strangersIn(expr), title).to.deep.equal([]);
        expect(expr, title).to.match(/lockstep_/);
      }
      // eslint-disable-next-line no-template-curly-in-string
      if (type !== "row") expect(datasource?.uid, title).to.equal("${datasource}");
    }
  });

  it("names series by labels that they have", () => {
    for (const { title, targets = [] } of panels()) {
      for (const { expr, legendFormat } of targets) {
        const known = [...TARGET_LABELS, "le", ...metricsIn(expr).flatMap(({ name }) => familyOf(name)?.labels ?? [])];
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(known, title).to.include(label);
      }
    }
  });

  it("has every panel once, and none over another", () => {
    const all = panels();
    expect(new Set(all.map(({ id }) => id)).size).to.equal(all.length);
    const cells = all.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).to.equal(cells.length);
  });

  it("shows, or has an alert over, every metric that there is", () => {
    const read = new Set(expressions().flatMap((expr) => metricsIn(expr).map(({ name }) => familyOf(name)?.name)));
    expect([...families.keys()].filter((name) => !read.has(name))).to.deep.equal([]);
  });
});
