import { expect } from "chai";

import type { Subject } from "../../../scripts/chaos/canApply.ts";
import { clientOf } from "../../../scripts/chaos/clientOf.ts";
import { checkRule } from "../../../scripts/chaos/checkRule.ts";
import { parseRule } from "../../../scripts/chaos/parseRule.ts";
import type { Rule } from "../../../scripts/chaos/Rule.ts";
import { RuleBook } from "../../../scripts/chaos/RuleBook.ts";

const SUBJECT: Subject = {
  kind: "call",
  transport: "http",
  isBatch: false,
  batchSize: 1,
  method: "eth_call",
  params: [{ to: "0xabcd" }, "latest"],
  client: { address: "127.0.0.1", userAgent: "Viem/2 test" },
};

function bookOf(rules: readonly (Rule | string)[], seed = 1, told: string[] = []): RuleBook {
  const book = new RuleBook(seed, ({ text }) => told.push(text));
  for (const rule of rules) book.add(typeof rule === "string" ? parseRule(rule) : checkRule(rule));
  return book;
}

function applies(rule: Rule | string, changes: Partial<Subject> = {}): boolean {
  return bookOf([rule]).decide({ ...SUBJECT, ...changes }).lie !== undefined;
}

/** Which of so many equal calls are lied to, from 1. */
function hits(rules: readonly string[], count: number, seed = 1): number[] {
  const book = bookOf(rules, seed);
  const all = Array.from({ length: count }, (_, index) => index + 1);
  return all.filter(() => book.decide(SUBJECT).lie !== undefined);
}

describe("RuleBook", () => {
  it("knows methods by name and by pattern, and takes no other character for one", () => {
    for (const method of ["eth_call", "eth_*", "*", "*call", "e*_c*l"])
      expect(applies(`${method}: null`), method).to.equal(true);
    for (const method of ["eth_cal", "net_*", "*_", "ethXcall"])
      expect(applies(`${method}: null`), method).to.equal(false);
  });

  it("finds a text in the compact params whatever its case, and an expression as it is", () => {
    expect(applies('*[{"to":"0xABCD"},"latest"]: null')).to.equal(true);
    expect(applies("*[0xabce]: null")).to.equal(false);
    expect(applies("*[.]: null")).to.equal(false);
    expect(applies("*[/0xab.d/]: null")).to.equal(true);
    expect(applies("*[/0xAB.D/]: null")).to.equal(false);
    expect(applies("*[/0xAB.D/i]: null")).to.equal(true);
    expect(applies("*[[]: null", { params: undefined })).to.equal(true);
  });

  it("finds the same with a global expression every time", () => {
    const book = bookOf([{ match: /latest/g, action: "null" }]);
    expect([1, 2, 3].map(() => book.decide(SUBJECT).lie?.action)).to.deep.equal(["null", "null", "null"]);
  });

  it("knows clients by address or by a part of their User-Agent", () => {
    expect(applies("* client=viem: null")).to.equal(true);
    expect(applies("* client=ethers: null")).to.equal(false);
    expect(applies("* client=127.0.0.1: null")).to.equal(true);
    expect(applies("* client=127.0.0.2: null")).to.equal(false);
    const mapped = { socket: { remoteAddress: "::ffff:127.0.0.1" }, headers: {} } as never;
    expect(clientOf(mapped)).to.deep.equal({ address: "127.0.0.1", userAgent: "" });
    // An address is no part of a User-Agent.
    expect(applies("* client=127.0.0.2: null", { client: { address: "127.0.0.1", userAgent: "127.0.0.2" } })).to.equal(
      false,
    );
  });

  it("spares the first ones, takes each n-th, and ends after so many", () => {
    expect(hits(["*: null"], 3)).to.deep.equal([1, 2, 3]);
    expect(hits(["* after=2: null"], 5)).to.deep.equal([3, 4, 5]);
    expect(hits(["* every=3: null"], 7)).to.deep.equal([3, 6]);
    expect(hits(["* times=2: null"], 5)).to.deep.equal([1, 2]);
    expect(hits(["* after=1 every=2 times=2: null"], 9)).to.deep.equal([3, 5]);
  });

  it("counts only what it matches", () => {
    const book = bookOf(["eth_call[latest] every=2: null"]);
    const asked = ["latest", "0x1", "latest", "0x1", "latest"].map((block) =>
      book.decide({ ...SUBJECT, params: [block] }),
    );
    expect(asked.map(({ lie }) => lie !== undefined)).to.deep.equal([false, false, true, false, false]);
  });

  it("draws by its seed: alike for the same one, whatever rules come after, and otherwise for another", () => {
    const some = hits(["* probability=0.3: null"], 200, 7);
    expect(some.length).to.be.within(30, 90);
    expect(hits(["* probability=0.3: null"], 200, 7)).to.deep.equal(some);
    expect(hits(["* probability=0.3: null"], 200, 8)).not.to.deep.equal(some);
    const book = bookOf(["* probability=0.3: null", "* probability=0.5: empty"], 7);
    const first = Array.from({ length: 200 }, () => book.decide(SUBJECT).lie?.action);
    expect(first.flatMap((action, index) => (action === "null" ? [index + 1] : []))).to.deep.equal(some);
    expect(first).to.include("empty");
    const twins = bookOf(["* probability=0.5: delay 1", "* probability=0.5: null"], 7);
    const both = Array.from({ length: 50 }, () => twins.decide(SUBJECT));
    expect(both.some(({ delayMs, lie }) => (delayMs === 1) !== (lie !== undefined))).to.equal(true);
  });

  it("lets the first rule decide that is due, and adds the first delay before it", () => {
    const told: string[] = [];
    const book = bookOf(["* times=1: null", "*: delay 5", "*: delay 9", "eth_call: empty", "*: drop"], 1, told);
    expect(book.decide(SUBJECT)).to.deep.include({ delayMs: 0 });
    expect(book.decide(SUBJECT)).to.deep.include({ delayMs: 5, lie: parseRule("eth_call: empty") });
    expect(told).to.deep.equal(["* times=1: null", "*: delay 5", "eth_call: empty"]);
    expect(book.rules.map((rule) => rule.told)).to.deep.equal([1, 1, 0, 1, 0]);
  });

  it("forgets rules and counts when it is cleared, and one rule when that is removed", () => {
    const book = bookOf(["* times=1: null"]);
    book.decide(SUBJECT);
    book.clear();
    expect([book.isEmpty, book.decide(SUBJECT).lie]).to.deep.equal([true, undefined]);
    const rule = book.add(parseRule("* times=1: null"));
    expect(book.decide(SUBJECT).lie?.action).to.equal("null");
    book.remove(rule);
    expect(book.isEmpty).to.equal(true);
  });

  describe("does not apply", () => {
    const cases: Readonly<Record<string, readonly [rule: string, not: Partial<Subject>, but: Partial<Subject>]>> = {
      "a status to a WebSocket": ["*: status 500", { transport: "ws" }, {}],
      "an end of a WebSocket to HTTP": ["*: close-ws", {}, { transport: "ws" }],
      "a muted WebSocket to HTTP": ["*: mute-ws", {}, { transport: "ws" }],
      "another order to a single call": ["*: reorder", {}, { isBatch: true, batchSize: 2 }],
      "a duplicate to a single call over HTTP": ["*: duplicate", {}, { isBatch: true }],
      "a shuffle to a call": ["*: shuffle 2", { transport: "ws" }, { kind: "push" }],
      "an older block to what is of no block": ["*: stale 2", { method: "eth_chainId", params: [] }, {}],
      "a pinned tag to params without it": ["*: pin safe 2", {}, { params: ["safe"] }],
      "forgotten filters to other calls": ["*: forget-filters", {}, { method: "eth_getFilterChanges" }],
      "an error to a push": ["*: error -1 no", { kind: "push", method: "eth_subscription" }, {}],
    };
    for (const [name, [rule, not, but]] of Object.entries(cases)) {
      it(name, () => {
        expect(applies(rule, not)).to.equal(false);
        expect(applies(rule, but)).to.equal(true);
      });
    }
  });
});
