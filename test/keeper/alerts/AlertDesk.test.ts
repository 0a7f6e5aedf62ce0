import { expect } from "chai";
import { createSinks } from "../../../keeper/alerts/createSinks.ts";
import { sendTest } from "../../../keeper/alerts/sendTest.ts";
import type { Sink } from "../../../keeper/alerts/Sink.ts";
import { parseAlerts } from "../../../keeper/config/parseAlerts.ts";
import { DeskRig } from "./DeskRig.ts";
import { HookServer } from "./HookServer.ts";
import { alert, condition, incident, incidentIdOf, WALL_MS } from "./notices.ts";

const KEY = incidentIdOf(1);
const ROUTING_KEY = "0123456789abcdef0123456789abcdef";
const SECRET = "a-secret-path-that-nobody-sees";
const MINUTE = 60_000;

describe("AlertDesk", () => {
  let first: HookServer;
  let second: HookServer;
  const rigs: DeskRig[] = [];

  beforeEach(async () => {
    first = await HookServer.start();
    second = await HookServer.start();
  });

  afterEach(async () => {
    await Promise.all(rigs.splice(0).map(async ({ desk }) => desk.close()));
    await first.close();
    await second.close();
  });

  function sinksOf(...lines: readonly string[]): Sink[] {
    const parsed = parseAlerts(lines);
    if (!parsed.ok) throw new Error(parsed.expected);
    return createSinks(parsed.value, { origin: { keeper: "k", chainId: 1 }, wallNow: () => WALL_MS });
  }

  /** `json` goes to the first server, `json-2` to the second. */
  const two = (): Sink[] => sinksOf(`json|${first.url}/${SECRET}`, `json|${second.url}`);
  const one = (): Sink[] => sinksOf(`json|${first.url}/${SECRET}`);

  function rigOf(sinks: readonly Sink[], options: Partial<ConstructorParameters<typeof DeskRig>[0]> = {}): DeskRig {
    const rig = new DeskRig({ closeMs: 0, ...options, sinks });
    rigs.push(rig);
    return rig;
  }

  function restarted(before: DeskRig, sinks: readonly Sink[]): DeskRig {
    const rig = new DeskRig({ closeMs: 0, sinks }, before);
    rigs.push(rig);
    return rig;
  }

  it("brings every state to every sink, in order and once", async () => {
    const rig = rigOf([...two(), ...sinksOf(`slack|${first.url}/slack`, `pagerduty|${ROUTING_KEY}|${second.url}`)]);
    const states = ["opened", "acting", "contained", "repairing", "resuming", "closed"];
    for (const state of states) rig.take(incident(state), incident(state));
    await first.until(12);
    await second.until(12);
    const told = (hooks: HookServer, path: string): unknown[] => hooks.received.filter((hook) => hook.path === path);
    const statesAt = (hooks: HookServer): unknown[] => hooks.states.filter((state) => state !== undefined);
    expect([statesAt(first), statesAt(second)]).to.deep.equal([states, states]);
    expect([told(first, "/slack").length, told(second, "/v2/enqueue").length]).to.deep.equal([6, 6]);
    const actions = second.received.map(({ body }) => body["event_action"]).filter((action) => action !== undefined);
    expect(actions).to.deep.equal([...states.slice(1).map(() => "trigger"), "resolve"]);
  });

  describe("a sink in trouble", () => {
    for (const behaviour of [
      "hang",
      "close",
      { status: 500 },
      { status: 302 },
      { status: 404 },
      { status: 429 },
    ] as const) {
      it(`delays no other and loses nothing: ${JSON.stringify(behaviour)}`, async () => {
        const rig = rigOf(two(), { deadlineMs: 200 });
        first.behave = () => behaviour;
        rig.take(incident("opened"), incident("acting"), incident("contained"));
        await second.until(3);
        expect(second.states).to.deep.equal(["opened", "acting", "contained"]);
        await rig.untilFailed("json", 1);
        expect(rig.sink("json")).to.include({ sent: 0, waiting: 3, failingSinceMs: WALL_MS });
        first.behave = () => ({ status: 200 });
        const before = first.received.length;
        rig.pass(MINUTE);
        await rig.untilSent("json", 3);
        expect(first.states.slice(before)).to.deep.equal(["opened", "acting", "contained"]);
        expect(rig.sink("json")).to.include({ waiting: 0, dropped: 0, failingSinceMs: null, lastError: null });
      });
    }

    it("is given up on at the deadline although it heeds no signal, and tried again", async () => {
      let calls = 0;
      const deaf: Sink = {
        name: "deaf",
        send: async () => {
          calls += 1;
          if (calls === 1) await new Promise(() => undefined);
        },
      };
      const rig = rigOf([deaf, ...one()], { deadlineMs: 100 });
      rig.take(incident("opened"));
      await first.until(1);
      await rig.untilFailed("deaf", 1);
      expect(rig.sink("deaf").lastError).to.equal("AlertTimeout: no answer within 100 ms");
      rig.pass(2_000);
      await rig.untilSent("deaf", 1);
    });

    it("that throws at once, or something strange, ends nothing and shows nothing of it", async () => {
      const strange: Sink = {
        name: "strange",
        send: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is what is strange
          throw SECRET;
        },
      };
      const rig = rigOf([strange, ...one()]);
      expect(() => rig.take(incident("opened"))).to.not.throw();
      await first.until(1);
      await rig.untilFailed("strange", 1);
      expect(rig.lines.join("") + JSON.stringify(rig.desk.health())).to.not.include(SECRET);
    });

    it("is asked again after growing waits, with jitter, one minute at most", async () => {
      const waits: number[] = [];
      first.behave = () => ({ status: 500 });
      let random = 0;
      const rig = rigOf(one(), { random: () => random });
      rig.take(incident("opened"));
      for (let attempt = 1; attempt <= 10; attempt++) {
        await rig.untilFailed("json", attempt);
        waits.push(Number(rig.logged("alert-failed").at(-1)!["waitMs"]));
        random = random === 0 ? 0.999 : 0;
        rig.pass(waits.at(-1)! - 1);
        expect(first.received, "not before its time").to.have.lengthOf(attempt);
        rig.pass(1);
      }
      const bounds = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000];
      for (const [index, bound] of bounds.entries()) {
        const [low, high] = index % 2 === 0 ? [bound / 2, bound / 2] : [bound * 0.99, bound];
        expect(waits[index], `wait ${index}`).to.be.within(low, high);
      }
    });

    it("that asks to be left alone is left alone so long, at the end of the process too", async () => {
      first.behave = () => ({ status: 429, headers: { "retry-after": "90" } });
      const rig = rigOf(one(), { closeMs: 60 });
      rig.take(incident("opened"));
      await rig.untilFailed("json", 1);
      rig.pass(89_999);
      expect(first.received).to.have.lengthOf(1);
      rig.pass(1);
      await rig.untilFailed("json", 2);
      const closing = rig.desk.close();
      setTimeout(() => (rig.nowMs += 100), 50);
      await closing;
      expect(first.received).to.have.lengthOf(2);
    });

    it("that refuses a message for good gets the next one, and the refusal is counted", async () => {
      first.behave = (index) => ({ status: index === 0 ? 400 : 200, page: SECRET });
      const rig = rigOf(one());
      rig.take(incident("opened"), incident("acting"));
      await rig.untilFailed("json", 1);
      rig.pass(2_000);
      await rig.untilSent("json", 1);
      expect(first.states).to.deep.equal(["opened", "acting"]);
      expect(rig.sink("json")).to.include({ refused: 1, failed: 1, sent: 1, waiting: 0 });
      expect(restarted(rig, one()).sink("json").waiting, "nor is it sent after a restart").to.equal(0);
    });

    it("shows its secrets nowhere: not in the log, the health or the records", async () => {
      const lines = [
        `slack|${first.url}/${SECRET}`,
        `pagerduty|${ROUTING_KEY}|${first.url}`,
        `json|${first.url}|${SECRET}`,
      ];
      for (const line of lines) {
        const rig = rigOf(sinksOf(line));
        const secret = line.startsWith("pagerduty") ? ROUTING_KEY : SECRET;
        first.behave = () => ({
          status: 403,
          page: `no ${secret} http://u:${secret}@h/ ${encodeURIComponent(secret)}`,
        });
        rig.take(incident("opened"));
        await rig.until("a failure", () => rig.logged("alert-failed").length === 1);
        const shown = rig.lines.join("") + JSON.stringify([rig.desk.health(), rig.records]);
        expect(shown, line).to.include("answered 403: no ***").and.not.include(secret);
      }
    });
  });

  describe("too many for a sink", () => {
    it("drops the oldest that are not critical, and tells how many with the next message", async () => {
      first.behave = () => ({ status: 503 });
      const rig = rigOf(one(), { maxWaiting: 4 });
      rig.take(incident("opened"));
      await rig.untilFailed("json", 1);
      for (let index = 0; index < 10; index++) rig.take(alert(`event-${index}`));
      rig.take(incident("acting"), incident("contained"));
      expect(rig.sink("json")).to.include({ dropped: 9, waiting: 4 });
      first.behave = () => ({ status: 200 });
      const before = first.received.length;
      rig.pass(MINUTE);
      await rig.untilSent("json", 4);
      const got = first.received.slice(before).map(({ body }) => [body["event"], body["state"]]);
      expect(got).to.deep.equal([
        ["incident", "opened"],
        ["event-9", "begin"],
        ["incident", "acting"],
        ["incident", "contained"],
      ]);
      const lost = first.received.slice(before).map(({ body }) => (body["fields"] as Record<string, string>)["lost"]);
      expect(lost).to.deep.equal(["9 earlier messages were given up, because too many waited", ...lost.slice(1)]);
      expect(lost.slice(1)).to.deep.equal([undefined, undefined, undefined]);
    });
  });

  describe("a sink that fails for long", () => {
    it("is told to the others, once, and once more when it works again", async () => {
      const rig = rigOf(two());
      first.behave = () => ({ status: 500 });
      rig.take(incident("opened"));
      await rig.untilFailed("json", 1);
      rig.pass(5 * MINUTE - 1);
      await rig.untilFailed("json", 2);
      expect(second.received.map(({ body }) => body["event"])).to.deep.equal(["incident"]);
      rig.pass(1);
      rig.pass(1);
      await second.untilThat("the failing sink", () => second.states.includes("begin"));
      const told = second.received.find(({ body }) => body["state"] === "begin")!.body;
      expect(told).to.include({ key: "condition:alert-sink-failing:json", level: "warning", kind: "condition" });
      expect(told["detail"]).to.match(/^AlertStatus: 127\.0\.0\.1 answered 500/);
      first.behave = () => ({ status: 200 });
      for (let minute = 0; minute < 3; minute++) rig.pass(MINUTE);
      await rig.until("recovered", () => rig.sink("json").failingSinceMs === null);
      rig.pass(1);
      await second.untilThat("its end", () => second.states.includes("end"));
      const events = second.received.filter(({ body }) => body["event"] === "alert-sink-failing");
      expect(events.map(({ body }) => body["state"])).to.deep.equal(["begin", "end"]);
      expect(first.received.filter(({ body }) => body["event"] === "alert-sink-failing")).to.deep.equal([]);
    });
  });

  describe("acknowledge", () => {
    it("tells the sinks who took it on, and stops the reminders", async () => {
      const rig = rigOf(sinksOf(`json|${first.url}`, `pagerduty|${ROUTING_KEY}|${second.url}`));
      rig.take(incident("opened"));
      rig.pass(5 * MINUTE);
      await first.until(2);
      expect(first.received.map(({ body }) => body["reminder"])).to.deep.equal([0, 1]);
      expect(rig.desk.acknowledge(KEY, "ann\n\u202e", `on it ${"x".repeat(900)}`)).to.equal(true);
      expect(rig.desk.acknowledge(KEY, "bob", "me too")).to.equal(false);
      expect(rig.desk.acknowledge("condition:split", "bob", "nothing")).to.equal(false);
      await second.until(3);
      expect(second.received[2]!.body).to.include({ event_action: "acknowledge", dedup_key: KEY });
      expect(rig.desk.health().standing[0]!.acknowledged).to.include({ by: "ann", atMs: WALL_MS + 5 * MINUTE });
      for (let hour = 0; hour < 5; hour++) rig.pass(60 * MINUTE);
      await rig.until("all sent", () => rig.sink("json").waiting === 0);
      expect(first.states).to.deep.equal(["opened", "opened", "acknowledged"]);
    });
  });

  describe("a restart", () => {
    it("sends nothing twice, brings what had not arrived, and goes on with the reminders", async () => {
      const rig = rigOf(two());
      second.behave = () => ({ status: 500 });
      rig.take(incident("opened"), incident("acting"), condition(true), condition(false));
      await rig.untilSent("json", 4);
      await rig.untilFailed("json-2", 1);
      await rig.desk.close();
      second.behave = () => ({ status: 200 });
      const before = second.received.length;
      const again = restarted(rig, two());
      again.take(incident("opened"), incident("acting"));
      await second.until(before + 4);
      expect(second.states.slice(before)).to.deep.equal(["opened", "acting", "begin", "end"]);
      const ids = second.received.map(({ headers }) => headers["idempotency-key"]);
      expect(ids.slice(before)[0], "the same notice as before").to.equal(ids[0]);
      again.pass(5 * MINUTE);
      await first.until(5);
      await second.until(before + 5);
      expect(first.states).to.deep.equal(["opened", "acting", "begin", "end", "acting"]);
      expect(first.received.at(-1)!.body["reminder"]).to.equal(1);
      expect(new Set(first.received.map(({ body }) => body["id"])).size).to.equal(5);
    });

    it("keeps an acknowledgement", async () => {
      const rig = rigOf(one());
      rig.take(incident("opened"));
      rig.desk.acknowledge(KEY, "ann", "on it");
      await first.until(2);
      await rig.untilSent("json", 2);
      const again = restarted(rig, one());
      again.pass(60 * MINUTE);
      again.take(incident("contained"));
      await first.until(3);
      expect(first.states).to.deep.equal(["opened", "acknowledged", "contained"]);
    });

    it("does not resolve what was resolved, nor tell an orphaned incident again", async () => {
      const rig = rigOf(sinksOf(`pagerduty|${ROUTING_KEY}|${first.url}`));
      rig.take(incident("opened"), incident("orphaned"));
      await rig.untilSent("pagerduty", 2);
      const again = restarted(rig, sinksOf(`pagerduty|${ROUTING_KEY}|${first.url}`));
      again.take(incident("orphaned"));
      again.pass(60 * MINUTE);
      again.take(incident("opened", { id: incidentIdOf(2) }));
      await first.until(3);
      const actions = first.received.map(({ body }) => [body["event_action"], body["dedup_key"]]);
      expect(actions).to.deep.equal([
        ["trigger", KEY],
        ["resolve", KEY],
        ["trigger", incidentIdOf(2)],
      ]);
    });
  });

  describe("close", () => {
    it("gives what waits its time: it is sent before the end", async () => {
      first.behave = (index) => ({ status: index === 0 ? 500 : 200 });
      // The clock stands still: the wait before the next attempt would never pass.
      const rig = rigOf(one(), { closeMs: 1 });
      rig.take(incident("opened"), incident("acting"));
      await rig.untilFailed("json", 1);
      await rig.desk.close();
      expect(first.states).to.deep.equal(["opened", "opened", "acting"]);
      expect(rig.sink("json")).to.include({ sent: 2, waiting: 0 });
    });

    it("ends in bounded time when a sink hangs, and leaves what waits for the next start", async () => {
      first.behave = () => "hang";
      const rig = rigOf(one(), { closeMs: 150, now: () => performance.now() });
      rig.take(incident("opened"), incident("acting"));
      await first.until(1);
      const started = performance.now();
      await rig.desk.close();
      expect(performance.now() - started).to.be.within(100, 3_000);
      expect(rig.logged("alerts-left")[0]).to.include({ waiting: 2 });
      first.behave = () => ({ status: 200 });
      restarted(rig, one());
      await first.until(3);
      expect(first.states.slice(1)).to.deep.equal(["opened", "acting"]);
    });

    it("takes nothing any more after it", async () => {
      const rig = rigOf(one());
      rig.take(incident("opened"));
      await rig.untilSent("json", 1);
      await rig.desk.close();
      const records = rig.records.length;
      rig.take(incident("acting"));
      rig.pass(60 * MINUTE);
      expect(rig.desk.acknowledge(KEY, "a", "b")).to.equal(false);
      expect([first.received.length, rig.records.length]).to.deep.equal([1, records]);
    });
  });

  it("goes on when its records cannot be written", async () => {
    const rig = rigOf(one(), {
      onRecord: () => {
        throw new Error("disk full");
      },
    });
    expect(() => rig.take(incident("opened"))).to.not.throw();
    await first.until(1);
    expect(rig.logged("alert-record-failed")[0]).to.include({ kind: "alert-raised", reason: "Error: disk full" });
  });

  it("survives a bug of its own: the effect that it cannot read is logged, and the next one is told", async () => {
    const rig = rigOf(one());
    expect(() => rig.take({ type: "incident" } as never)).to.not.throw();
    expect(rig.logged("alert-desk-failed")).to.have.lengthOf(1);
    rig.take(incident("opened"));
    await first.until(1);
  });

  it("decides without sinks as well, and records nothing", () => {
    const rig = rigOf([]);
    rig.take(incident("opened"));
    rig.pass(60 * MINUTE);
    expect(rig.records).to.deep.equal([]);
    expect(rig.desk.health().standing).to.have.lengthOf(1);
  });

  describe("sendTest", () => {
    it("tells of each sink whether its message arrives, without waiting for those that hang", async () => {
      second.behave = () => "hang";
      const sinks = sinksOf(`pagerduty|${ROUTING_KEY}|${first.url}`, `slack|${second.url}/${SECRET}`);
      const results = await sendTest(sinks, { level: "critical", wallNow: () => WALL_MS, deadlineMs: 200 });
      expect(results).to.deep.equal([
        { sink: "pagerduty", isSent: true, reason: "" },
        { sink: "slack", isSent: false, reason: "AlertTimeout: no answer within 200 ms" },
      ]);
      const actions = first.received.map(({ body }) => [body["event_action"], body["dedup_key"]]);
      expect(actions.map(([action]) => action)).to.deep.equal(["trigger", "resolve"]);
      expect(actions[0]![1]).to.equal(actions[1]![1]);
    });

    it("says why not, without secrets", async () => {
      first.behave = () => ({ status: 404, page: `no_service ${SECRET}` });
      const sinks = sinksOf(`slack|${first.url}/${SECRET}`);
      const [result] = await sendTest(sinks, { level: "warning", wallNow: () => WALL_MS, deadlineMs: 5_000 });
      expect(result).to.deep.equal({
        ...{ sink: "slack", isSent: false },
        reason: "AlertStatus: 127.0.0.1 answered 404: no_service ***",
      });
    });
  });
});
