import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseAlerts } from "../../../keeper/config/parseAlerts.ts";

const KEY = "0123456789abcdef0123456789ABCDEF";
const SECRET = "hunter22-hunter22";
const SLACK = `slack|https://hooks.example/services/${SECRET}`;

describe("parseAlerts", () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "lockstep-alerts-"));
  });

  after(() => rmSync(directory, { recursive: true, force: true }));

  function write(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  }

  describe("refuses, without repeating anything of it", () => {
    const refused = (raw: unknown, expected: RegExp): void => {
      const parsed = parseAlerts(raw);
      expect(parsed.ok, JSON.stringify(raw)).to.equal(false);
      expect(parsed).to.have.property("expected").that.matches(expected);
      expect(JSON.stringify(parsed)).to.not.include(SECRET).and.not.include(KEY);
    };

    it("what is no list", () => {
      for (const raw of [7, true, null, undefined, {}]) refused(raw, /^a list of alert sinks/);
    });

    it("a sink that is no text, or of an unknown kind, telling which one it is", () => {
      for (const item of [7, null, ["slack"], { kind: "slack" }])
        refused([SLACK, item], /^alert sink 2 to be `slack\|url`/);
      for (const item of [
        "",
        "slack",
        "slack|",
        `mail|${SECRET}`,
        `SLACK|https://a/${SECRET}`,
        `|https://a/${SECRET}`,
      ]) {
        refused([SLACK, item], /^alert sink 2 to be /);
      }
    });

    it("a webhook without TLS, but on this machine or as JSON in a private network", () => {
      refused(`slack|http://hooks.example/${SECRET}`, /the URL https$/);
      refused(`pagerduty|${KEY}|http://events.example`, /the URL https$/);
      refused(`slack|http://127.0.0.1.evil.example/${SECRET}`, /the URL https$/);
      for (const url of ["ftp://a", "a.example", "javascript:alert(1)"]) {
        refused(`json|${url}`, /^alert sink 1 to be `json\|url`/);
      }
      for (const host of ["localhost", "127.0.0.1", "127.7.7.7", "[::1]"]) {
        expect(parseAlerts(`slack|http://${host}:9/x`).ok, host).to.equal(true);
      }
      expect(parseAlerts("json|http://alerts.internal/x").ok).to.equal(true);
    });

    it("a routing key that is none, a secret that is too short, and parts too many", () => {
      refused(`pagerduty|${KEY}0`, /the key 32 letters and digits$/);
      refused(`pagerduty|https://events.example/${SECRET}`, /the key 32 letters and digits$/);
      refused("json|https://a|short", /the secret at least 16 characters$/);
      refused(`${SLACK}|more`, /the URL https$/);
      refused(`json|https://a|${SECRET}|more`, /^alert sink 1 to be `slack/);
    });

    it("the same twice, which would tell everything twice", () => {
      refused([SLACK, SLACK], /^alert sink 2 to differ/);
      refused([`pagerduty|${KEY}`, `pagerduty|${KEY}|https://events.eu.pagerduty.com`], /^alert sink 2 to differ/);
      refused(["json|https://a", `json|https://A/|${SECRET}`], /^alert sink 2 to differ/);
    });

    it("a file that cannot be read, or that holds nothing of use", () => {
      refused(`slack|file:${join(directory, "missing")}`, /given by a file that can be read \(ENOENT\)$/);
      refused(`slack|file:${directory}`, /given by a file that can be read \(EISDIR\)$/);
      refused(`slack|file:${write("empty", "")}`, /the URL https$/);
    });
  });

  it("takes each kind, names them by it, and numbers the second one", () => {
    const list = [SLACK, `pagerduty|${KEY}`, `json|https://a`, `json|http://b|${SECRET}`, "slack|https://c"];
    const expected = [
      { kind: "slack", name: "slack", url: `https://hooks.example/services/${SECRET}` },
      { kind: "pagerduty", name: "pagerduty", routingKey: KEY, baseUrl: "https://events.pagerduty.com" },
      { kind: "json", name: "json", url: "https://a", secret: undefined },
      { kind: "json", name: "json-2", url: "http://b", secret: SECRET },
      { kind: "slack", name: "slack-2", url: "https://c" },
    ];
    for (const raw of [list, list.join(","), list.join(" , "), list.join("\n")]) {
      expect(parseAlerts(raw)).to.deep.equal({ ok: true, value: expected });
    }
  });

  it("takes a file of lines, with comments, blank lines and commas in URLs", () => {
    const text = `# whom to wake\n\n${SLACK}\r\n  json|https://a?x=1,2  \n`;
    const parsed = parseAlerts(text);
    if (!parsed.ok) throw new Error(parsed.expected);
    expect(parsed.value.map((sink) => (sink.kind === "pagerduty" ? "" : sink.url))).to.deep.equal([
      `https://hooks.example/services/${SECRET}`,
      "https://a?x=1,2",
    ]);
  });

  it("takes each part from a file of its own", () => {
    const [url, key, secret] = [
      write("url", "https://a/b\n"),
      write("key", `${KEY}\n`),
      write("secret", `${SECRET}\n`),
    ];
    expect(parseAlerts(`slack|file:${url},pagerduty|file:${key},json|file:${url}|file:${secret}`)).to.deep.equal({
      ok: true,
      value: [
        { kind: "slack", name: "slack", url: "https://a/b" },
        { kind: "pagerduty", name: "pagerduty", routingKey: KEY, baseUrl: "https://events.pagerduty.com" },
        { kind: "json", name: "json", url: "https://a/b", secret: SECRET },
      ],
    });
  });

  it("takes another region of PagerDuty", () => {
    const parsed = parseAlerts(`pagerduty|${KEY}|https://events.eu.pagerduty.com/`);
    expect(parsed).to.have.nested.property("value[0].baseUrl", "https://events.eu.pagerduty.com");
  });

  it("takes an empty list, and freezes what it gives", () => {
    expect(parseAlerts([])).to.deep.equal({ ok: true, value: [] });
    const parsed = parseAlerts(SLACK);
    if (!parsed.ok) throw new Error(parsed.expected);
    for (const value of [parsed.value, parsed.value[0]]) expect(Object.isFrozen(value)).to.equal(true);
  });
});
