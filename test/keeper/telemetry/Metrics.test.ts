import { expect } from "chai";
import { AssertionError } from "../../../keeper/lib/assert.ts";
import { Metrics } from "../../../keeper/telemetry/Metrics.ts";

describe("Metrics", () => {
  let metrics: Metrics;

  beforeEach(() => {
    metrics = new Metrics();
  });

  it("refuses names, labels and values that the format or the convention forbids", () => {
    const help = "x";
    expect(() => metrics.gauge({ name: "other_gauge", help })).to.throw(AssertionError);
    expect(() => metrics.gauge({ name: "lockstep_Gauge", help })).to.throw(AssertionError);
    expect(() => metrics.counter({ name: "lockstep_calls", help })).to.throw(AssertionError);
    expect(() => metrics.gauge({ name: "lockstep_g", help, labels: ["a-b"] })).to.throw(AssertionError);
    expect(() => metrics.histogram({ name: "lockstep_h", help, labels: ["le"] })).to.throw(AssertionError);
    expect(() => metrics.histogram({ name: "lockstep_h", help, buckets: [2, 1] })).to.throw(AssertionError);
    const counter = metrics.counter({ name: "lockstep_calls_total", help, labels: ["source"] });
    expect(() => counter.add({ source: "a" }, -1)).to.throw(AssertionError);
    expect(() => counter.add({})).to.throw(AssertionError);
    expect(() => counter.add({ source: "a", other: "b" })).to.throw(AssertionError);
    expect(() => metrics.gauge({ name: "lockstep_calls_total", help })).to.throw(AssertionError);
  });

  it("renders counters and gauges, a counter without labels from the start", () => {
    metrics.counter({ name: "lockstep_reorgs_total", help: "Reorgs seen." });
    const calls = metrics.counter({ name: "lockstep_calls_total", help: "Calls.", labels: ["source", "result"] });
    calls.add({ source: "a", result: "ok" });
    calls.add({ result: "ok", source: "a" }, 2);
    const age = metrics.gauge({ name: "lockstep_age_seconds", help: "Age." });
    age.set(1.5);
    age.set(Infinity);
    expect(metrics.render()).to.equal(
      [
        "# HELP lockstep_reorgs_total Reorgs seen.",
        "# TYPE lockstep_reorgs_total counter",
        "lockstep_reorgs_total 0",
        "# HELP lockstep_calls_total Calls.",
        "# TYPE lockstep_calls_total counter",
        'lockstep_calls_total{source="a",result="ok"} 3',
        "# HELP lockstep_age_seconds Age.",
        "# TYPE lockstep_age_seconds gauge",
        "lockstep_age_seconds +Inf",
        "",
      ].join("\n"),
    );
  });

  it("renders histograms with cumulative buckets, a bound taking what equals it", () => {
    const name = "lockstep_detect_seconds";
    const histogram = metrics.histogram({ name, help: "h", labels: ["kind"], buckets: [0.1, 1] });
    for (const value of [0.05, 0.1, 0.5, 1, 7, NaN]) histogram.observe(value, { kind: "root" });
    expect(metrics.render().split("\n").slice(2)).to.deep.equal([
      'lockstep_detect_seconds_bucket{kind="root",le="0.1"} 2',
      'lockstep_detect_seconds_bucket{kind="root",le="1"} 4',
      'lockstep_detect_seconds_bucket{kind="root",le="+Inf"} 5',
      'lockstep_detect_seconds_sum{kind="root"} 8.65',
      'lockstep_detect_seconds_count{kind="root"} 5',
      "",
    ]);
  });

  it("escapes label values and help", () => {
    const gauge = metrics.gauge({ name: "lockstep_g", help: "a\\b\nc", labels: ["reason"] });
    gauge.set(1, { reason: 'say "no"\n\\' });
    expect(metrics.render())
      .to.include("# HELP lockstep_g a\\\\b\\nc\n")
      .and.include('{reason="say \\"no\\"\\n\\\\"} 1\n');
  });

  it("puts what exceeds the bound on series into one", () => {
    const counter = metrics.counter({ name: "lockstep_calls_total", help: "h", labels: ["source"] });
    for (let index = 0; index < 2_000; index++) counter.add({ source: `s${index}` });
    counter.add({ source: "s0" });
    const lines = metrics.render().trimEnd().split("\n").slice(2);
    expect(lines.length).to.equal(501);
    expect(lines[0]).to.equal('lockstep_calls_total{source="s0"} 2');
    expect(lines.at(-1)).to.equal('lockstep_calls_total{source="overflow"} 1500');
  });

  it("calls its collectors before each exposition", () => {
    const gauge = metrics.gauge({ name: "lockstep_g", help: "h" });
    let calls = 0;
    metrics.onCollect(() => gauge.set(++calls));
    metrics.render();
    expect(metrics.render()).to.include("lockstep_g 2\n");
  });
});
