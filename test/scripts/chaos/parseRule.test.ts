import { expect } from "chai";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { checkRule } from "../../../scripts/chaos/checkRule.ts";
import { describeRule } from "../../../scripts/chaos/describeRule.ts";
import { parseRule } from "../../../scripts/chaos/parseRule.ts";
import type { Rule } from "../../../scripts/chaos/Rule.ts";
import { SeededRandom } from "../../../scripts/local/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const GOOD: Readonly<Record<string, Rule>> = {
  "eth_getLogs: empty": { method: "eth_getLogs", action: "empty" },
  "  eth_*  :  null  ": { method: "eth_*", action: "null" },
  'eth_getBlockByNumber["latest"]: stale 3': {
    ...{ method: "eth_getBlockByNumber", match: '"latest"', action: "stale", blocks: 3 },
  },
  'eth_call[{"to":"0xAb"]: null': { method: "eth_call", match: '{"to":"0xAb"', action: "null" },
  [String.raw`eth_call[[1\]\\: x]: drop`]: { method: "eth_call", match: String.raw`[1]\: x`, action: "drop" },
  "eth_call[/^.{9}[0-9]/i]: drop": { method: "eth_call", match: "/^.{9}[0-9]/i", action: "drop" },
  "* client=curl after=1 every=2 probability=0.5 times=3 forward: hang": {
    ...{ method: "*", client: "curl", after: 1, every: 2, probability: 0.5, times: 3, forward: true, action: "hang" },
  },
  '* client="::1": refuse': { method: "*", client: "::1", action: "refuse" },
  "*: delay 0x10": { method: "*", action: "delay", ms: 16 },
  "*: drip 5": { method: "*", action: "drip", bytesPerSecond: 5 },
  "*: truncate 0": { method: "*", action: "truncate", bytes: 0 },
  "*: raw no JSON: at all ": { method: "*", action: "raw", text: "no JSON: at all" },
  [String.raw`*: raw "\ufeff%answer% "`]: { method: "*", action: "raw", text: "\ufeff%answer% " },
  "*: huge 200000000": { method: "*", action: "huge", bytes: 200_000_000 },
  "eth_call: replace 0x05": { method: "eth_call", action: "replace", result: "0x05" },
  'eth_call: replace {"__proto__":[1, null]}': {
    ...{ method: "eth_call", action: "replace", result: JSON.parse('{"__proto__":[1,null]}') as never },
  },
  "eth_getProof: edit /accountProof/3 0xc0": {
    ...{ method: "eth_getProof", action: "edit", path: "/accountProof/3", value: "0xc0" },
  },
  'eth_getProof: edit "" 5': { method: "eth_getProof", action: "edit", path: "", value: 5 },
  "eth_getLogs: remove /0": { method: "eth_getLogs", action: "remove", path: "/0" },
  "eth_call: xor /a": { method: "eth_call", action: "xor", path: "/a" },
  "eth_call: xor /a -1 0x80": { method: "eth_call", action: "xor", path: "/a", byte: -1, mask: 128 },
  "*: reorder": { method: "*", action: "reorder" },
  "eth_subscription: duplicate": { method: "eth_subscription", action: "duplicate" },
  "eth_sub*: shuffle 3": { method: "eth_sub*", action: "shuffle", count: 3 },
  "*: pin finalized 100": { method: "*", action: "pin", tag: "finalized", to: 100 },
  "*: pin safe latest": { method: "*", action: "pin", tag: "safe", to: "latest" },
  "*: error -39001 Unknown block": { method: "*", action: "error", code: -39_001, message: "Unknown block" },
  "*: status 429": { method: "*", action: "status", status: 429 },
  "*: status 503 retry-after=Wed, 21 Oct 2015 07:28:00 GMT": {
    ...{ method: "*", action: "status", status: 503, retryAfter: "Wed, 21 Oct 2015 07:28:00 GMT" },
  },
  "*: close-ws": { method: "*", action: "close-ws" },
  "*: close-ws 1013": { method: "*", action: "close-ws", code: 1_013 },
  "*: mute-ws": { method: "*", action: "mute-ws" },
  "*: mute-ws no-pong": { method: "*", action: "mute-ws", isPonging: false },
  "*: forget-filters": { method: "*", action: "forget-filters" },
  "*: forget-filters -32000": { method: "*", action: "forget-filters", code: -32_000 },
  "*: upstream 1": { method: "*", action: "upstream", index: 1 },
  "*: pool": { method: "*", action: "pool" },
  "*: pool 0 2": { method: "*", action: "pool", indices: [0, 2] },
};

/** A rule's text, where in it the fault is, from 1, and what is said. */
const BAD: readonly (readonly [text: string, position: number, says: RegExp])[] = [
  ["", 1, /a method, such as eth_getLogs/],
  [": empty", 1, /a method/],
  ["eth_getLogs", 12, /":" and an action/],
  ["eth_getLogs empty", 13, /unknown condition "empty".*known: client, after, every/],
  ["eth_getLogs:", 13, /unknown action ""/],
  ["eth_getLogs: emty", 14, /unknown action "emty", did you mean empty\?/],
  ["eth_getLogs: Stale 3", 14, /did you mean stale\?/],
  ["eth_getLogs evry=2: empty", 13, /did you mean every\?/],
  ["eth_getLogs every: empty", 18, /expected every=/],
  ["eth_getLogs every=: empty", 19, /every: expected a number/],
  ["eth_getLogs every=x: empty", 19, /every: expected a number/],
  ["eth_getLogs every=0: empty", 19, /every: expected a whole number from 1/],
  ["eth_getLogs after=1.5: empty", 19, /after: expected a whole number/],
  ["eth_getLogs times=1 times=2: empty", 21, /times is given twice/],
  ["eth_getLogs probability=1.5: empty", 25, /probability: expected a number above 0, at most 1/],
  ["eth_getLogs client=: empty", 20, /client: expected a text/],
  ['eth_getLogs client="a: empty', 20, /double quotes/],
  ["eth_getLogs[]: empty", 13, /a text or \/a regular expression\//],
  ["eth_getLogs[a: empty", 21, /expected \]/],
  ["eth_getLogs[/a]: empty", 13, /\/a regular expression\//],
  ["eth_getLogs[/(/]: empty", 13, /Invalid regular expression/],
  ["eth_getLogs[/a/g]: empty", 16, /expected \]/],
  ["eth.getLogs: empty", 4, /":" and an action/],
  ["*: stale", 9, /stale: expected blocks \(stale <blocks>\)/],
  ["*: stale -1", 10, /blocks: expected a whole number from 0/],
  ["*: stale soon", 10, /blocks: not understood \(stale <blocks>\)/],
  ["*: empty now", 10, /nothing more expected \(empty\)/],
  ["*: delay 9999999999", 10, /from 0 to 2147483647/],
  ["*: drip 0", 9, /from 1/],
  ["*: replace {a}", 12, /result: not understood/],
  ["*: edit logs 5", 9, /path: expected a path such as/],
  ["*: edit /a~2 5", 9, /path: expected a path/],
  ["*: edit /a", 11, /expected value \(edit <path> <value>\)/],
  ['*: remove ""', 11, /the whole result cannot be removed/],
  ["*: xor /a 0 256", 13, /mask: expected a whole number from 1 to 255/],
  ["*: pin finalised 3", 8, /tag: expected one of latest, pending, safe, finalized, earliest/],
  ["*: pin safe soon", 13, /to: expected a block's number or one of/],
  ["*: error -32000", 16, /expected message \(error <code> <message>\)/],
  ["*: error limit -32000", 10, /code: not understood/],
  ["*: status 42", 11, /from 200 to 599/],
  ["*: status 429 2", 15, /retryAfter: not understood/],
  ["*: close-ws 12", 13, /from 1000 to 4999/],
  ["*: mute-ws deaf", 12, /no-pong/],
  ["*: pool one", 9, /indices: not understood/],
  ["eth_subscription: error -1 x", 19, /nothing to do to pushes \(can be done: drop/],
  ["eth_call: shuffle 3", 1, /shuffle is for pushes/],
];

function faultOf(read: () => unknown): KeeperError {
  try {
    read();
  } catch (error: unknown) {
    if (KeeperError.is(error)) return error;
    throw error;
  }
  throw new Error("no fault");
}

describe("parseRule", () => {
  for (const [text, rule] of Object.entries(GOOD)) {
    it(`reads ${text}, and writes it so that it is read alike`, () => {
      expect(parseRule(text)).to.deep.equal(rule);
      expect(parseRule(describeRule(rule))).to.deep.equal(rule);
    });
  }

  for (const [text, position, says] of BAD) {
    it(`refuses ${text === "" ? "nothing" : text}, and says where and what is allowed`, () => {
      const fault = faultOf(() => parseRule(text));
      expect(fault.code).to.equal("ChaosRule");
      expect(fault.message).to.match(says).and.to.contain(`rule "${text}", at ${position}: `);
      expect(fault.payload).to.include({ position });
    });
  }

  it("never fails but with a fault of its own, whatever the text", () => {
    const random = new SeededRandom(chooseSeed(1));
    const parts = '* : [ ] / \\ " = 0x - % é eth_ every times raw pool edit null forward 1'.split(" ");
    parts.push(" ", "\t", "\n");
    let good = 0;
    for (let round = 0; round < 5_000; round++) {
      const text = Array.from({ length: 1 + Math.floor(random.between(0, 12)) }, () => random.pick(parts)).join("");
      try {
        const rule = parseRule(text);
        good += 1;
        expect(parseRule(describeRule(rule)), text).to.deep.equal(rule);
      } catch (error: unknown) {
        if (!KeeperError.is(error, "ChaosRule")) throw error;
      }
    }
    expect(good).to.be.greaterThan(0);
  });
});

describe("checkRule", () => {
  it("takes what a rule may be in code: expressions and functions", () => {
    const change = (): number => 1;
    const rule: Rule = { match: /a/g, action: "replace", change };
    expect(checkRule(rule)).to.equal(rule);
    expect(describeRule(rule)).to.equal("*[/a/g]: replace <function>");
  });

  const bad: readonly (readonly [unknown, RegExp])[] = [
    [null, /an object or the text/],
    [{ method: "eth_call" }, /expected an action, one of delay, drop/],
    [{ action: "toString" }, /unknown action "toString"/],
    [{ action: "stale", block: 3 }, /unknown field "block", did you mean blocks\?/],
    [{ action: "stale", blocks: "3" }, /blocks: expected a whole number/],
    [{ action: "drop", method: "eth call" }, /method: expected a method's name/],
    [{ action: "drop", forward: "yes" }, /forward: expected true or false/],
    [{ action: "drop", match: "/a" }, /match: .*begins with \//],
    [{ action: "drop", match: "" }, /match: expected a text/],
    [{ action: "replace", change: 5 }, /unknown field "change"/],
    [{ action: "replace" }, /result: expected a JSON value/],
    [{ action: "pool", indices: [0, -1] }, /indices: expected indices of upstreams/],
    [{ action: "mute-ws", isPonging: "no" }, /isPonging: expected true or false/],
  ];
  for (const [rule, says] of bad) {
    it(`refuses ${JSON.stringify(rule)}`, () => {
      const fault = faultOf(() => checkRule(rule, "rule 3"));
      expect(fault.message)
        .to.match(/^rule 3: /)
        .and.to.match(says);
    });
  }
});
