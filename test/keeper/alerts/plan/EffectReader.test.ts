import { expect } from "chai";
import { EffectReader } from "../../../../keeper/alerts/plan/EffectReader.ts";
import type { Effect } from "../../../../keeper/loop/ports.ts";
import { alert, block, condition, incident, incidentIdOf, located } from "../notices.ts";

describe("EffectReader", () => {
  describe("incidents", () => {
    it("tells every state with its level, and ends at closed and orphaned only", () => {
      const states = ["opened", "acting", "contained", "repairing", "resuming", "closed", "orphaned", "failed"];
      const drafts = states.map((state) => new EffectReader().read(incident(state))[0]!);
      expect(drafts.map(({ state }) => state)).to.deep.equal(states);
      const ends = drafts.filter(({ isEnd }) => isEnd).map(({ state, level }) => [state, level]);
      expect(ends).to.deep.equal([
        ["closed", "warning"],
        ["orphaned", "warning"],
      ]);
      expect(drafts.filter(({ level }) => level === "critical")).to.have.lengthOf(6);
      expect(new Set(drafts.map(({ title }) => title)).size).to.equal(8);
      for (const { key, kind } of drafts) expect([key, kind]).to.deep.equal([incidentIdOf(1), "incident"]);
    });

    it("takes a state that it does not know for no end, and for critical", () => {
      const [draft] = new EffectReader().read(incident("transcended"));
      expect(draft).to.include({ state: "transcended", level: "critical", isEnd: false });
    });

    it("says that an orphaned incident was only a reorg", () => {
      expect(new EffectReader().read(incident("orphaned"))[0]!.title).to.match(
        /^Over: it was only a reorg: PositionLedger/,
      );
    });

    it("carries block, contract, cause, transaction and the path of the evidence", () => {
      const reader = new EffectReader({ evidenceOf: (id) => `/evidence/${id.slice(-2)}` });
      const hash = incidentIdOf(77);
      expect(reader.read(incident("contained", { transaction: hash, containedIn: 124 }))[0]!.fields).to.deep.equal({
        ...{ block: "123", blockHash: `0x${"ab".repeat(32)}`, contract: "PositionLedger", cause: "unexplained-write" },
        ...{ transaction: hash, containedIn: "124", evidence: "/evidence/01" },
      });
    });

    it("tells what was located once the search has ended, and in every state after it", () => {
      const reader = new EffectReader();
      const { slots } = located() as Extract<Effect, { type: "located" }>;
      reader.read(incident("opened"));
      expect(reader.read(located({ isFinal: false }))).to.deep.equal([]);
      expect(reader.read(located({ slots: [] }))[0]!.detail).to.equal("no slot found");
      expect(reader.read(located({ slots: [], incidentId: incidentIdOf(8) })), "a dispelled doubt").to.deep.equal([]);
      const [draft] = reader.read(located({ slots: [1, 2, 3, 4, 5].flatMap(() => slots), isTruncated: true }));
      expect(draft).to.include({ key: incidentIdOf(1), event: "located", state: "located", isEnd: false });
      expect(draft!.detail).to.include("and 2 more").and.include("the books as a whole are suspect");
      expect(reader.read(incident("contained"))[0]!.fields["located"]).to.include("PositionLedger._accounts[0x07]");
      reader.read(incident("closed"));
      expect(reader.read(incident("opened"))[0]!.fields).to.not.have.property("located");
    });

    it("cleans what came from the chain", () => {
      const [draft] = new EffectReader().read(incident("opened", { detail: "a\u202eb\nc" }));
      expect(draft!.detail).to.match(/^a b c /);
    });
  });

  describe("what the core says twice", () => {
    it("is one: a condition and its alert have one key, level and state", () => {
      const reader = new EffectReader();
      for (const kind of ["halted-chain", "consensus-fault"] as const) {
        const level = kind === "consensus-fault" ? "critical" : "warning";
        const [first] = reader.read(condition(true, kind));
        const [second] = reader.read(alert(kind, level, "no block for 60 s"));
        expect(second).to.deep.equal(first);
        expect(first).to.include({ key: `condition:${kind}`, kind: "condition", level, state: "begin" });
      }
      expect(reader.read(condition(false))[0]).to.include({ key: "condition:halted-chain", state: "end", isEnd: true });
    });

    it("is one: an unknown and its alert", () => {
      const reader = new EffectReader();
      const [first] = reader.read({ type: "unknown", reason: "no-quorum", detail: "1 of 2" });
      expect(reader.read(alert("unknown-no-quorum", "warning", "1 of 2"))[0]).to.deep.equal(first);
      expect(first).to.include({ key: "condition:unknown", event: "unknown-no-quorum", state: "begin" });
    });

    it("is one: a divergence that has an incident; without one the alert is all there is", () => {
      const reader = new EffectReader();
      expect(reader.read(alert("diverged", "critical"))[0]).to.include({ key: "alert:diverged", level: "critical" });
      reader.read(incident("opened"));
      expect(reader.read(alert("diverged", "critical"))).to.deep.equal([]);
      reader.read(incident("orphaned"));
      expect(reader.read(alert("diverged", "critical"))).to.have.lengthOf(1);
    });

    it("is one: a latch and the own fault that caused it", () => {
      const reader = new EffectReader();
      expect(reader.read(alert("own-fault", "critical", "why"))).to.have.lengthOf(1);
      expect(reader.read({ type: "latch", detail: "why" })[0]).to.include({ key: "alert:latch", level: "critical" });
      expect(reader.read(alert("own-fault", "critical", "why"))).to.deep.equal([]);
      expect(reader.read(alert("own-fault", "critical", "another"))).to.have.lengthOf(1);
    });
  });

  it("ends an unknown and a divergence without incident by a block in sync, and neither by an unknown block", () => {
    const reader = new EffectReader();
    expect(reader.read(block("Unknown"))).to.deep.equal([]);
    const ends = reader.read(block("InSync")).map(({ key, isEnd }) => [key, isEnd]);
    expect(ends).to.deep.equal([
      ["condition:unknown", true],
      ["alert:diverged", true],
      ["alert:pause-withheld", true],
    ]);
  });

  it("takes an alert about an incident for a note of that incident", () => {
    const id = incidentIdOf(5);
    const detail = `incident ${id}: not included 6 blocks after it was first sent`;
    expect(new EffectReader().read(alert("pause-not-included", "critical", detail))).to.deep.equal([
      {
        ...{ key: id, kind: "incident", level: "critical", event: "pause-not-included", state: "pause-not-included" },
        ...{ title: "Pause not included", detail, fields: { "pause-not-included": detail }, isEnd: false },
      },
    ]);
  });

  it("gives alerts about several views or keepers keys of their own, with their evidence", () => {
    const peer = `0x${"ab".repeat(20)}`;
    const reader = new EffectReader();
    const keyOf = (detail: string): string => reader.read(alert("x", "critical", detail))[0]!.key;
    expect(keyOf("view risk: 3 differ")).to.equal("alert:x:view risk");
    expect(keyOf(`${peer}: they sign a pause`)).to.equal(`alert:x:${peer}`);
    expect(keyOf("block 7 was signed with another root")).to.equal("alert:x");
    const effect: Effect = { ...alert("x"), type: "alert", level: "critical", event: "x", detail: "y" };
    const [draft] = reader.read({ ...effect, fields: { peer, theirs: { a: [1] }, none: undefined } });
    expect(draft!.fields).to.deep.equal({ peer, theirs: '{"a":[1]}' });
  });

  it("says why there is no pause, and that a view in step ends what was said of it", () => {
    const reader = new EffectReader();
    const withheld = { type: "withheld", action: "soft-pause", detail: "view risk" } as const;
    expect(reader.read({ ...withheld, because: "persistence" })).to.deep.equal([]);
    expect(reader.read({ ...withheld, action: "attest", because: "mode" })).to.deep.equal([]);
    const [spent] = reader.read({ ...withheld, because: "budget" });
    expect(spent).to.include({ key: "alert:pause-withheld:view risk", level: "critical", event: "pause-withheld" });
    expect(reader.read({ ...withheld, because: "mode" })[0]).to.include({ level: "warning" });
    const compared = { type: "view-compared", name: "risk", blockHash: incidentIdOf(1) } as const;
    expect(reader.read({ ...compared, comparison: { kind: "orphaned" } })).to.deep.equal([]);
    const keys = reader.read({ ...compared, comparison: { kind: "equal" } }).map(({ key, isEnd }) => [key, isEnd]);
    expect(keys).to.deep.equal([
      ["alert:view-diverged:view risk", true],
      ["alert:pause-withheld:view risk", true],
    ]);
  });

  it("gives each source in quarantine a key of its own", () => {
    const keys = ["a", "b"].map((source) => {
      return new EffectReader().read({ type: "quarantine", source, reason: "forged proof" })[0]!.key;
    });
    expect(keys).to.deep.equal(["alert:source-quarantined:a", "alert:source-quarantined:b"]);
  });

  it("says nothing of effects that concern nobody", () => {
    const effects: Effect[] = [
      { type: "request", id: 1, source: "a", calls: [], deadlineMs: 1 },
      { type: "rolled-back", depth: 1, to: incidentIdOf(1) },
      { type: "broadcast", purpose: "soft-pause", raw: "0x", hash: incidentIdOf(1) },
    ];
    for (const effect of effects) expect(new EffectReader().read(effect), effect.type).to.deep.equal([]);
  });
});
