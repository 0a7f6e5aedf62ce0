import { expect } from "chai";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { alert, block, condition, incident, incidentIdOf, located } from "../notices.ts";
import { MINUTE, PlanRig } from "./PlanRig.ts";

const KEY = incidentIdOf(1);
const HALTED = "condition:halted-chain";

describe("AlertPlan", () => {
  describe("what is not told", () => {
    it("the same state of an incident again, however often a transaction is sent anew", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"), incident("acting"));
      for (let attempt = 0; attempt < 20; attempt++) {
        expect(rig.say(incident("acting", { transaction: incidentIdOf(attempt) }))).to.deep.equal([]);
      }
      expect(rig.states).to.deep.equal(["opened", "acting"]);
    });

    it("an end of what does not stand", () => {
      const rig = new PlanRig();
      expect(rig.say(incident("closed"), condition(false), block("InSync"))).to.deep.equal([]);
      rig.say(condition(true));
      expect(rig.say(condition(false), condition(false))).to.deep.equal(["end"]);
    });

    it("an alert that is said again while it stands; its number is told with the next one of its key", () => {
      const rig = new PlanRig();
      rig.say(alert("no-finality"));
      for (let time = 0; time < 30; time++) {
        rig.pass(MINUTE);
        rig.say(alert("no-finality", "warning", `detail ${time}`));
      }
      expect(rig.notices).to.have.lengthOf(1);
      rig.say(alert("no-finality", "critical", "worse"), alert("no-finality", "critical", "worst"));
      expect(rig.notices).to.have.lengthOf(2);
      expect(rig.notices[1]!.fields["said again"]).to.match(/^30 times/);
      rig.pass(5 * MINUTE);
      expect(rig.notices[2]).to.deep.include({ reminder: 1, detail: "worst" });
      expect(rig.notices[2]!.fields["said again"]).to.match(/^1 times/);
    });

    it("an end twice: the chain's halt is over once", () => {
      const rig = new PlanRig();
      rig.say(condition(true), condition(false));
      rig.pass(60 * MINUTE);
      expect(rig.states).to.deep.equal(["begin", "end"]);
    });
  });

  describe("what is told anew", () => {
    it("an incident that opens again after its end", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"), incident("orphaned"));
      expect(rig.say(incident("opened"), incident("acting"))).to.deep.equal(["opened", "acting"]);
    });

    it("the states after a pause that was effective and was lost in a reorg", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"), incident("acting"), incident("contained"));
      expect(rig.say(incident("acting"), incident("acting"))).to.deep.equal(["acting"]);
      expect(rig.say(incident("contained"), incident("contained"))).to.deep.equal(["contained"]);
    });

    it("a single event after an hour without it, if it was not critical", () => {
      const rig = new PlanRig();
      rig.say(alert("locate-refused"));
      rig.pass(59 * MINUTE);
      expect(rig.say(alert("locate-refused"))).to.deep.equal([]);
      rig.pass(61 * MINUTE);
      expect(rig.say(alert("locate-refused"))).to.deep.equal(["begin"]);
    });

    it("an unknown for another reason", () => {
      const rig = new PlanRig();
      rig.say({ type: "unknown", reason: "no-quorum", detail: "" });
      rig.say({ type: "unknown", reason: "no-quorum", detail: "still" });
      rig.say(
        { type: "unknown", reason: "no-source", detail: "" },
        { type: "unknown", reason: "no-quorum", detail: "" },
      );
      rig.say(block("InSync"), block("InSync"));
      const events = ["unknown-no-quorum", "unknown-no-source", "unknown-no-quorum", "unknown"];
      expect(rig.notices.map(({ event }) => event)).to.deep.equal(events);
    });
  });

  describe("a key that flaps", () => {
    it("is told four times, then summed up every five minutes with what holds then", () => {
      const rig = new PlanRig();
      for (let second = 0; second < 3_600; second++) {
        rig.nowMs += 1_000;
        rig.wallMs += 1_000;
        rig.say(condition(second % 2 === 0));
        rig.pass(0);
        if (second % 10 === 0) rig.pass(1);
      }
      // An hour holds twelve times five minutes.
      expect(rig.notices.length).to.be.within(4 + 11, 4 + 13);
      expect(rig.plan.keptBack).to.be.greaterThan(3_500);
      for (const { fields } of rig.notices.slice(4)) expect(fields["kept back"]).to.match(/^\d+ changes/);
      const counted = rig.notices.map(({ fields }) => Number.parseInt(fields["kept back"] ?? "0", 10));
      expect(counted.reduce((sum, count) => sum + count, 0)).to.be.at.most(rig.plan.keptBack);
    });

    it("ends by what holds at last, so that nothing stays open at a sink", () => {
      const rig = new PlanRig();
      for (let time = 0; time < 7; time++) rig.say(condition(true), condition(false));
      expect(rig.states).to.deep.equal(["begin", "end", "begin", "end"]);
      rig.say(condition(true));
      expect(rig.pass(5 * MINUTE)).to.deep.equal(["begin"]);
      rig.say(condition(false));
      expect(rig.pass(5 * MINUTE)).to.deep.equal(["end"]);
      expect(rig.plan.standing).to.deep.equal([]);
    });

    it("counts what was kept back once, although the core says it twice", () => {
      const rig = new PlanRig();
      rig.say(condition(true), condition(false), condition(true), condition(false));
      rig.say(condition(true), alert("halted-chain", "warning", "no block for 60 s"));
      expect(rig.plan.keptBack).to.equal(1);
    });

    it("keeps back no other key, and no state of an incident that takes its course", () => {
      const rig = new PlanRig();
      for (let time = 0; time < 50; time++) rig.say(condition(time % 2 === 0));
      const states = ["opened", "acting", "contained", "repairing", "resuming", "closed"];
      expect(rig.say(...states.map((state) => incident(state)))).to.deep.equal(states);
    });
  });

  describe("reminders", () => {
    it("come after 5, 15, 30 minutes and then hourly while nobody acknowledges", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"));
      const before = rig.wallMs;
      rig.pass(300 * MINUTE);
      const afterMinutes = rig.notices.slice(1).map(({ atMs }) => (atMs - before) / MINUTE);
      expect(afterMinutes).to.deep.equal([5, 20, 50, 110, 170, 230, 290]);
      expect(rig.states.slice(1, 4)).to.deep.equal(["opened +1", "opened +2", "opened +3"]);
      expect(rig.notices[3]!.title).to.match(/^Not acknowledged \(reminder 3\): Divergence proved/);
    });

    it("begin anew with each state that is told", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"));
      expect(rig.pass(21 * MINUTE)).to.deep.equal(["opened +1", "opened +2"]);
      rig.say(incident("contained"));
      expect(rig.pass(5 * MINUTE)).to.deep.equal(["contained +1"]);
    });

    it("end with the incident", () => {
      for (const end of ["closed", "orphaned"]) {
        const rig = new PlanRig();
        rig.say(incident("opened"), incident(end));
        expect(rig.pass(500 * MINUTE), end).to.deep.equal([]);
      }
    });

    it("end with the acknowledgement, which is told once", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"));
      expect(rig.acknowledge(KEY)).to.equal(true);
      expect(rig.acknowledge(KEY)).to.equal(false);
      const told = rig.notices.at(-1)!;
      expect(told).to.include({ state: "acknowledged", key: KEY, kind: "incident", isEnd: false, detail: "on it" });
      expect(told.title).to.match(/^Acknowledged by ann: Divergence proved/);
      expect(rig.pass(500 * MINUTE)).to.deep.equal([]);
      expect(rig.say(incident("contained"))).to.deep.equal(["contained"]);
      expect(rig.pass(500 * MINUTE)).to.deep.equal([]);
    });

    it("come back when it gets worse: the pause failed, or was lost", () => {
      for (const worse of [["failed"], ["contained", "acting"]]) {
        const rig = new PlanRig();
        rig.say(incident("opened"));
        rig.acknowledge(KEY);
        rig.say(...worse.map((state) => incident(state)));
        expect(rig.pass(5 * MINUTE), worse.join()).to.deep.equal([`${worse.at(-1)} +1`]);
      }
    });

    it("are for what is critical only, conditions and single events included", () => {
      const rig = new PlanRig();
      rig.say(condition(true), alert("locate-refused"));
      expect(rig.pass(50 * MINUTE)).to.deep.equal([]);
      rig.say(condition(true, "consensus-fault"), alert("pause-failed", "critical"));
      expect(rig.pass(5 * MINUTE)).to.deep.equal(["begin +1", "begin +1"]);
    });

    it("are not for what does not stand: there is nothing to acknowledge", () => {
      const rig = new PlanRig();
      expect(rig.acknowledge(KEY)).to.equal(false);
      rig.say(condition(true), condition(false));
      expect(rig.acknowledge(HALTED)).to.equal(false);
    });
  });

  describe("located", () => {
    it("is told once and leaves the state as it is", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"));
      expect(rig.say(located(), located())).to.deep.equal(["located"]);
      expect(rig.plan.standing[0]).to.include({ key: KEY, state: "opened" });
      expect(rig.pass(5 * MINUTE)).to.deep.equal(["opened +1"]);
      expect(rig.notices.at(-1)!.fields["located"]).to.equal("PositionLedger._accounts[0x07] (unexplained-write)");
    });

    it("is no reason to take an acknowledgement back, but trouble with the pause is", () => {
      const trouble = alert("pause-role-lost", "critical", `incident ${KEY}: the key is no keeper's`);
      for (const isRestarted of [false, true]) {
        const rig = new PlanRig();
        rig.say(incident("opened"));
        rig.acknowledge(KEY);
        rig.say(located());
        if (isRestarted) rig.restart();
        expect(rig.pass(30 * MINUTE)).to.deep.equal([]);
        expect(rig.say(trouble, trouble)).to.deep.equal(["pause-role-lost"]);
        if (isRestarted) rig.restart();
        expect(rig.say(trouble)).to.deep.equal([]);
        expect(rig.pass(5 * MINUTE)).to.deep.equal(["opened +1"]);
        if (!isRestarted) expect(rig.notices.at(-1)!.fields["pause-role-lost"]).to.include("no keeper's");
      }
    });

    it("opens nothing when nobody knows the incident", () => {
      const rig = new PlanRig();
      expect(rig.say(located())).to.deep.equal(["located"]);
      expect(rig.plan.standing).to.deep.equal([]);
      expect(rig.pass(100 * MINUTE)).to.deep.equal([]);
    });
  });

  describe("a restart", () => {
    it("tells nothing again of what the core says again", () => {
      const rig = new PlanRig();
      const all = [
        incident("opened"),
        incident("acting"),
        incident("contained"),
        condition(true),
        alert("no-finality"),
      ];
      rig.say(...all);
      expect(rig.restart(MINUTE)).to.deep.equal([]);
      expect(rig.say(...all)).to.deep.equal([]);
      expect(rig.say(incident("repairing"), condition(false))).to.deep.equal(["repairing", "end"]);
    });

    it("tells a pause that was lost meanwhile", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"), incident("acting"), incident("contained"));
      rig.restart(MINUTE);
      expect(rig.say(incident("acting"))).to.deep.equal(["acting"]);
    });

    it("goes on with the reminders where they were", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"));
      expect(rig.pass(6 * MINUTE)).to.deep.equal(["opened +1"]);
      expect(rig.restart(4 * MINUTE)).to.deep.equal([]);
      // 15 minutes after the first one, of which five have passed.
      expect(rig.pass(9 * MINUTE)).to.deep.equal([]);
      expect(rig.pass(2 * MINUTE)).to.deep.equal(["opened +2"]);
      expect(rig.notices.at(-1)!.title).to.match(/^Not acknowledged \(reminder 2\): Divergence proved/);
    });

    it("reminds at once of what became due meanwhile, once", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"));
      rig.restart(600 * MINUTE);
      expect(rig.pass(1)).to.deep.equal(["opened +1"]);
      expect(rig.pass(14 * MINUTE)).to.deep.equal([]);
    });

    it("is not put off by a wall clock that was set back", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"));
      rig.restart(-5_000 * MINUTE);
      expect(rig.pass(5 * MINUTE)).to.deep.equal(["opened +1"]);
    });

    it("keeps acknowledgements, and takes them back as it would have", () => {
      const rig = new PlanRig();
      rig.say(incident("opened"));
      rig.acknowledge(KEY);
      rig.restart();
      expect(rig.pass(100 * MINUTE)).to.deep.equal([]);
      expect(rig.plan.standing[0]!.acknowledged).to.deep.include({ by: "ann", reason: "on it" });
      rig.say(incident("failed"));
      rig.restart();
      expect(rig.pass(5 * MINUTE)).to.deep.equal(["failed +1"]);
    });

    it("ends conditions that nobody says again, and leaves incidents to people", () => {
      const rig = new PlanRig();
      rig.say(condition(true), incident("opened"));
      rig.acknowledge(KEY);
      rig.restart();
      expect(rig.pass(9 * MINUTE)).to.deep.equal([]);
      expect(rig.pass(2 * MINUTE)).to.deep.equal(["end"]);
      expect(rig.notices.at(-1)!.key).to.equal(HALTED);
      expect(rig.plan.standing.map(({ key }) => key)).to.deep.equal([KEY]);
    });

    it("remembers the rate: a keeper that starts again and again floods nobody", () => {
      const rig = new PlanRig();
      for (let start = 0; start < 50; start++) {
        rig.say(condition(true), condition(false));
        rig.restart(1_000);
      }
      expect(rig.notices).to.have.lengthOf(4);
    });

    it("sends what had not reached a sink to that sink, in order, without its reminders", () => {
      const rig = new PlanRig(["slack", "json"]);
      rig.say(incident("opened"), incident("acting"));
      rig.pass(6 * MINUTE);
      const missing = rig.records.filter(
        ({ kind, body }) => kind !== "alert-sent" || (body as { sink: string }).sink !== "json",
      );
      const plan = new PlanRig(["slack", "json"]).plan;
      const left = plan.restore(missing, rig);
      expect(left.map(({ notice, sinks }) => [notice.state, ...sinks])).to.deep.equal([
        ["opened", "json"],
        ["acting", "json"],
      ]);
      expect(new PlanRig(["slack"]).plan.restore(missing, rig), "a sink that is gone").to.deep.equal([]);
    });

    it("ignores records of other kinds and of other forms", () => {
      const plan = new PlanRig().plan;
      const bodies = [null, 7, "x", {}, { notice: {}, sinks: [] }, { id: 7 }, { key: "k" }];
      const kinds = ["alert-raised", "alert-sent", "alert-acknowledged", "pause-intent", "latch"];
      const records = kinds.flatMap((kind) => bodies.map((body) => ({ kind, body })));
      expect(plan.restore(records, { nowMs: 0, wallMs: 0 })).to.deep.equal([]);
      expect(plan.standing).to.deep.equal([]);
    });
  });

  describe("random sequences", () => {
    const STATES = ["opened", "acting", "contained", "repairing", "resuming", "failed", "closed", "orphaned"];
    const ENDS = ["closed", "orphaned"];

    /** By the words of the rule: an end closes an episode, a pause that is lost a round; a state is told once in each. */
    class Expected {
      readonly told = new Map<string, { live: string; states: Set<string> }>();
      readonly lines: string[] = [];

      say(id: string, state: string): void {
        let known = this.told.get(id);
        if (known === undefined && ENDS.includes(state)) return;
        if (known === undefined) this.told.set(id, (known = { live: "", states: new Set() }));
        const isLost = state === "acting" && ["contained", "repairing", "resuming"].includes(known.live);
        if (isLost) known.states = new Set(["opened"]);
        if (!known.states.has(state)) this.lines.push(`${id} ${state}`);
        known.states.add(state);
        known.live = state;
        if (ENDS.includes(state)) this.told.delete(id);
      }

      /** Only what was told is remembered: what was said again in between is not. */
      restart(): void {
        const lines = this.lines.splice(0);
        this.told.clear();
        for (const line of lines) this.say(...(line.split(" ") as [string, string]));
        this.lines.splice(0, Infinity, ...lines);
      }
    }

    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      it(`tell one alert per state, restarts or not (seed ${seed})`, () => {
        const random = new SeededRandom(seed);
        const rig = new PlanRig();
        const expected = new Expected();
        for (let step = 0; step < 600; step++) {
          const id = incidentIdOf(random.below(3));
          const state = STATES[random.below(STATES.length)]!;
          rig.say(incident(state, { id }));
          expected.say(id, state);
          // Slowly enough for the rate, so that it is the rule alone that decides.
          rig.nowMs += 3 * MINUTE;
          rig.wallMs += 3 * MINUTE;
          if (random.below(20) > 0) continue;
          rig.restart(random.below(10) * MINUTE);
          expected.restart();
        }
        expect(rig.notices.map(({ key, state }) => `${key} ${state}`)).to.deep.equal(expected.lines);
        expect(new Set(rig.notices.map(({ id }) => id)).size).to.equal(rig.notices.length);
      });

      it(`never exceed the rate, and end with what holds (seed ${seed})`, () => {
        const random = new SeededRandom(seed);
        const rig = new PlanRig();
        const last = new Map<string, boolean>();
        const startMs = rig.wallMs;
        for (let step = 0; step < 2_000; step++) {
          const kind = random.bool() ? "halted-chain" : "consensus-fault";
          const holds = random.bool();
          rig.say(condition(holds, kind));
          last.set(`condition:${kind}`, holds);
          rig.pass(random.below(3_000));
        }
        for (const [key, holds] of last) {
          const minutes = (rig.wallMs - startMs) / MINUTE;
          const told = rig.notices.filter((notice) => notice.key === key && notice.reminder === 0);
          expect(told.length, key).to.be.at.most(4 + minutes / 5);
          expect(told.length, key).to.be.at.least(4);
          rig.pass(6 * MINUTE);
          const final = rig.notices.findLast((notice) => notice.key === key);
          expect(final!.state, key).to.equal(holds ? "begin" : "end");
        }
      });
    }
  });
});
