import { createHmac } from "node:crypto";
import { expect } from "chai";
import { createSinks } from "../../../keeper/alerts/createSinks.ts";
import type { Sink } from "../../../keeper/alerts/Sink.ts";
import type { Notice } from "../../../keeper/alerts/plan/Notice.ts";
import { parseAlerts } from "../../../keeper/config/parseAlerts.ts";
import { HookServer, type Hooked } from "./HookServer.ts";
import { incidentIdOf, notice, WALL_MS } from "./notices.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const ORIGIN = { keeper: "0xkeeper", chainId: 31_337 };

describe("alert sinks", () => {
  let hooks: HookServer;

  beforeEach(async () => {
    hooks = await HookServer.start();
  });

  afterEach(async () => hooks.close());

  /** As an operator configures it: through the parser and the factory. */
  function sinkOf(text: string): Sink {
    const parsed = parseAlerts(text);
    if (!parsed.ok) throw new Error(parsed.expected);
    return createSinks(parsed.value, { origin: ORIGIN, wallNow: () => WALL_MS + 7_999 })[0]!;
  }

  async function send(sink: Sink, ...notices: readonly Notice[]): Promise<Hooked[]> {
    for (const item of notices) await sink.send(item, AbortSignal.timeout(5_000));
    return hooks.received;
  }

  describe("Slack", () => {
    const slack = (): Sink => sinkOf(`slack|${hooks.url}/services/T0/B0/secret-part`);
    const textsOf = (value: unknown): string[] => {
      if (typeof value !== "object" || value === null) return [];
      return Object.entries(value).flatMap(([name, item]) => {
        return name === "text" && typeof item === "string" ? [item] : textsOf(item);
      });
    };

    it("posts blocks in plain text with the title, the detail, every field, the key, the keeper and the chain", async () => {
      const [request] = await send(slack(), notice());
      expect(request!.path).to.equal("/services/T0/B0/secret-part");
      expect(request!.headers["content-type"]).to.match(/^application\/json/);
      expect(request!.body).to.include({ parse: "none", link_names: false, text: "[critical] Divergence proved" });
      const texts = textsOf(request!.body).join("\n");
      const shown = [
        "roots differ.",
        "block: 123",
        "contract: PositionLedger",
        incidentIdOf(1),
        "0xkeeper",
        "chain 31337",
      ];
      for (const part of [...shown, "2023-11-14T22:13:20.000Z"]) expect(texts).to.include(part);
      const types = JSON.stringify(request!.body).match(/"type":"(plain_text|mrkdwn)"/g)!;
      expect(new Set(types)).to.deep.equal(new Set(['"type":"plain_text"']));
    });

    it("marks what is over and what is acknowledged", async () => {
      await send(slack(), notice({ isEnd: true }), notice({ state: "acknowledged" }), notice({ level: "warning" }));
      const marks = hooks.received.map(({ body }) => String(body["text"]).split(" ")[0]);
      expect(marks).to.deep.equal(["[over]", "[acknowledged]", "[warning]"]);
    });

    it("lets nothing from a chain mention anyone or make a link", async () => {
      const evil = "<!channel> <@U123> <https://evil.example|click> @channel @Here @EVERYONE & *bold*";
      const [request] = await send(slack(), notice({ title: evil, detail: evil, fields: { [evil]: evil }, key: evil }));
      const texts = textsOf(request!.body);
      expect(texts).to.have.lengthOf(5);
      for (const text of texts) {
        expect(text).to.not.match(/[<>]|&(?!amp;|lt;|gt;)|@(channel|here|everyone)/i);
        expect(text).to.include("&lt;!channel&gt; &lt;@U123&gt;");
      }
    });

    it("keeps within Slack's limits, and cuts no entity in two", async () => {
      const long = "<".repeat(9_000);
      const fields = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`f${index}`, long]));
      const [request] = await send(slack(), notice({ title: long, detail: long, fields, key: long }));
      const blocks = request!.body["blocks"] as { type: string; text?: unknown; fields?: unknown[] }[];
      const sizes = { header: 150, section: 3_000, context: 2_000 } as Record<string, number>;
      for (const { type, text, fields: rows = [] } of blocks) {
        expect(rows.length).to.be.at.most(10);
        for (const shown of textsOf({ text })) expect(shown.length).to.be.within(1, sizes[type]!);
        for (const shown of rows.flatMap(textsOf)) expect(shown.length).to.be.within(1, 2_000);
      }
      for (const text of textsOf(request!.body)) expect(text.replaceAll("&lt;", "")).to.not.match(/[&;]/);
      expect(blocks.filter(({ type }) => type === "section")).to.have.lengthOf(3);
    });
  });

  describe("PagerDuty", () => {
    const pagerDuty = (): Sink => sinkOf(`pagerduty|${KEY}|${hooks.url}`);

    it("triggers with severity, source and details under the incident's id", async () => {
      const [request] = await send(pagerDuty(), notice({ reminder: 2 }));
      expect(request!.path).to.equal("/v2/enqueue");
      expect(request!.body).to.deep.equal({
        routing_key: KEY,
        event_action: "trigger",
        dedup_key: incidentIdOf(1),
        client: "Lockstep",
        payload: {
          summary: "Divergence proved",
          timestamp: "2023-11-14T22:13:20.000Z",
          severity: "critical",
          source: "lockstep chain 31337 keeper 0xkeeper",
          component: "PositionLedger",
          group: "chain 31337",
          class: "incident",
          custom_details: {
            ...{ block: "123", contract: "PositionLedger", detail: "roots differ.", state: "opened", reminder: 2 },
            key: incidentIdOf(1),
          },
        },
      });
    });

    it("acknowledges and resolves the same key", async () => {
      await send(pagerDuty(), notice(), notice({ state: "acknowledged" }), notice({ state: "orphaned", isEnd: true }));
      const actions = hooks.received.map(({ body }) => [body["event_action"], body["dedup_key"]]);
      expect(actions).to.deep.equal(["trigger", "acknowledge", "resolve"].map((action) => [action, incidentIdOf(1)]));
      expect(hooks.received[2]!.body).to.have.all.keys("routing_key", "event_action", "dedup_key");
    });

    it("gives an incident one key for all keepers, and all else one for each", async () => {
      const parsed = parseAlerts(`pagerduty|${KEY}|${hooks.url}`);
      if (!parsed.ok) throw new Error(parsed.expected);
      for (const keeper of ["a", "b"]) {
        const [sink] = createSinks(parsed.value, { origin: { keeper, chainId: 1 }, wallNow: () => 0 });
        await send(sink!, notice(), notice({ kind: "condition", key: "condition:split" }));
      }
      const keys = hooks.received.map(({ body }) => body["dedup_key"]);
      expect([keys[0] === keys[2], keys[1] === keys[3]]).to.deep.equal([true, false]);
    });

    it("bounds the key", async () => {
      const [request] = await send(pagerDuty(), notice({ key: "k".repeat(999) }));
      expect(request!.body["dedup_key"]).to.have.lengthOf(255);
    });
  });

  describe("JSON", () => {
    const SECRET = "a secret of the receiver";

    it("posts the documented body", async () => {
      const [request] = await send(sinkOf(`json|${hooks.url}/alerts?x=1`), notice());
      expect(request!.path).to.equal("/alerts?x=1");
      expect(request!.body).to.deep.equal({
        ...{ version: 1, keeper: "0xkeeper", chainId: 31_337, id: "n-1", key: incidentIdOf(1), kind: "incident" },
        ...{
          level: "critical",
          event: "incident",
          state: "opened",
          title: "Divergence proved",
          detail: "roots differ.",
        },
        fields: { block: "123", contract: "PositionLedger" },
        ...{ isEnd: false, reminder: 0, at: "2023-11-14T22:13:20.000Z" },
      });
      expect(request!.headers).to.include({
        "idempotency-key": "31337-0xkeeper-n-1",
        "x-lockstep-timestamp": "1700000007",
      });
      expect(request!.headers).to.not.have.property("x-lockstep-signature");
    });

    it("signs timestamp and body with the secret, so that a receiver can tell who sent it and when", async () => {
      const [request] = await send(sinkOf(`json|${hooks.url}|${SECRET}`), notice({ detail: "ä\u2028" }));
      const { text, headers } = request!;
      const expected = createHmac("sha256", SECRET).update(`${String(headers["x-lockstep-timestamp"])}.${text}`);
      expect(headers["x-lockstep-signature"]).to.equal(`v1=${expected.digest("hex")}`);
    });

    it("has the same idempotency key each time that a notice is sent, and another for each notice", async () => {
      await send(sinkOf(`json|${hooks.url}`), notice(), notice(), notice({ id: "ä\n" }));
      const keys = hooks.received.map(({ headers }) => headers["idempotency-key"]);
      expect(keys).to.deep.equal(["31337-0xkeeper-n-1", "31337-0xkeeper-n-1", "31337-0xkeeper-__"]);
    });
  });
});
