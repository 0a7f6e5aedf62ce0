import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Json, Rule } from "../../../../scripts/chaos/Rule.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { edit, inLogs, inReceipts, replace } from "../../../helpers/keeper/sourcesLies.ts";
import { SourcesRig, wronglyBlamed } from "../../../helpers/keeper/sourcesRig.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Malformation {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** What becomes of the source; by default it is quarantined. */
  readonly isOnlyUseless?: true;
}

const HEADER = "eth_getBlockByHash";
const PROOF = "eth_getProof";
const RECEIPTS = "eth_getBlockReceipts";
/** More than JavaScript's numbers hold exactly. */
const BEYOND = "0x20000000000001";
const DEEP = 200_000;
const HUGE_BYTES = 200_000_000;
const HEX = /^0x[0-9a-f]+$/;

/** Each string of a block that is hex, written otherwise. */
function rewrite(write: (hex: string) => unknown): Rule {
  return replace(HEADER, (block) =>
    Object.fromEntries(
      Object.entries(block as Fields).map(([name, value]) => [
        name,
        typeof value === "string" && HEX.test(value) ? write(value) : value,
      ]),
    ),
  );
}

/** In place of a whole answer, of a single call or a batch. */
function raw(text: string): Rule {
  return { method: "eth_get*", action: "raw", text };
}

const answering = (result: string): Rule => raw(`{"jsonrpc":"2.0","id":%id%,"result":${result}}`);

const fieldsOf = (json: string): Fields => JSON.parse(json) as Fields;

/** What is wrong with a value, in the header, the proofs or the receipts. */
const VALUES: readonly Malformation[] = [
  {
    name: "a number in decimal",
    rules: [
      replace(HEADER, (block) => ({ ...(block as Fields), number: String(Number((block as Fields)["number"])) })),
    ],
  },
  {
    name: "a number as a JSON number",
    rules: [replace(HEADER, (block) => ({ ...(block as Fields), timestamp: Number((block as Fields)["timestamp"]) }))],
  },
  {
    name: "a number with leading zeros",
    rules: [
      replace(HEADER, (block) => ({
        ...(block as Fields),
        gasUsed: `0x000${String((block as Fields)["gasUsed"]).slice(2)}`,
      })),
    ],
  },
  { name: "a number beyond 2^53", rules: [edit(HEADER, "/number", BEYOND)] },
  { name: "a number without digits", rules: [edit(HEADER, "/gasUsed", "0x")] },
  { name: "a negative number", rules: [edit(HEADER, "/timestamp", "-0x1")] },
  { name: "a hash that is null", rules: [edit(HEADER, "/parentHash", null)] },
  { name: "a field that is missing", rules: [{ method: HEADER, action: "remove", path: "/stateRoot" }] },
  { name: "a bloom of odd length", rules: [edit(HEADER, "/logsBloom", "0x000")] },
  { name: "a list for a block", rules: [{ method: HEADER, action: "empty" }] },
  { name: "true for a block", rules: [edit(HEADER, "", true)] },
  {
    name: "a block with the keys of Object.prototype",
    rules: [
      replace(HEADER, () => fieldsOf('{"__proto__":{"number":"0x1"},"constructor":{"prototype":{}},"toString":"0x1"}')),
    ],
  },
  {
    name: "a block that only inherits its fields",
    rules: [replace(HEADER, (block) => fieldsOf(`{"__proto__":${JSON.stringify(block)}}`))],
  },
  {
    name: "a forged header that looks like one of a later fork",
    rules: [replace(HEADER, (block) => ({ ...(block as Fields), gasUsed: "0x1", futureRoot: "0x01" }))],
    isOnlyUseless: true,
  },
  { name: "a list of transactions that are none", rules: [edit(HEADER, "/transactions", ["0x1", null, {}] as Json)] },
  { name: "a proof with a node that is no hex", rules: [edit(PROOF, "/accountProof", ["0xzz"])] },
  { name: "a proof with nodes of half a byte", rules: [edit(PROOF, "/accountProof", ["0xf", "0x1"])] },
  {
    name: "a proof of 10,000 nodes",
    rules: [
      edit(
        PROOF,
        "/accountProof",
        Array.from({ length: 10_000 }, () => "0xc0"),
      ),
    ],
    isOnlyUseless: true,
  },
  { name: "a proof that is a string", rules: [edit(PROOF, "", "0x")] },
  { name: "a proof whose nodes are an object", rules: [edit(PROOF, "/accountProof", { length: 2, "0": "0x80" })] },
  {
    name: "logs that are null",
    rules: inReceipts((receipts) => receipts.map((receipt) => ({ ...receipt, logs: null as never }))),
  },
  { name: "a receipt that is null", rules: [edit(RECEIPTS, "/0", null)] },
  { name: "receipts in an object", rules: [edit(RECEIPTS, "", { length: 1, "0": {} })] },
  {
    name: "a log of five topics",
    rules: inLogs((logs) =>
      logs.map((log) => ({ ...log, topics: Array.from({ length: 5 }, () => `0x${"00".repeat(32)}`) })),
    ),
  },
  { name: "a log whose data are no hex", rules: inLogs((logs) => logs.map((log) => ({ ...log, data: "0x0g" }))) },
  {
    name: "a receipt of a type that nobody knows",
    rules: inReceipts((receipts) => receipts.map((receipt) => ({ ...receipt, type: "0x7d" }))),
    isOnlyUseless: true,
  },
  {
    name: "gas beyond 2^256",
    rules: inReceipts((receipts) =>
      receipts.map((receipt) => ({ ...receipt, cumulativeGasUsed: `0x${"f".repeat(80)}` })),
    ),
  },
];

/** What is wrong with the text of an answer. */
const TEXTS: readonly Malformation[] = [
  ["nothing", raw("")],
  ["a byte order mark first", raw("\ufeff%answer%")],
  ["an error page", raw("<html><body>504 Gateway Time-out</body></html>")],
  ["NaN for a result", answering("NaN")],
  ["a number that is infinite", answering("1e999")],
  ["two results", answering('null,"result":{"number":"0x1"}')],
  ["a result and an error", answering('{},"error":{"code":-32000,"message":"x"}')],
  ["neither result nor error", raw('{"jsonrpc":"2.0","id":%id%}')],
  ["an error that is a string", raw('{"jsonrpc":"2.0","id":%id%,"error":"no"}')],
  ["the id of another call", raw('{"jsonrpc":"2.0","id":1,"result":{}}')],
  ["an id that is a string", raw('{"jsonrpc":"2.0","id":"%id%","result":{}}')],
  ["an id beyond 2^53", raw('{"jsonrpc":"2.0","id":9007199254740993,"result":{}}')],
  ["an empty batch", raw("[]")],
  ["a batch of nulls", raw('[null,null,1,"x",[]]')],
  ["half a surrogate", answering('"\\ud800"')],
  ["200,000 lists in each other", answering(`${"[".repeat(DEEP)}${"]".repeat(DEEP)}`)],
  ["keys of Object.prototype", raw('{"__proto__":{"id":1,"result":{}},"constructor":1}')],
  ["200 MB", { method: "eth_get*", action: "huge", bytes: HUGE_BYTES, times: 1 }],
].map(([name, rule]) => ({ name: name as string, rules: [rule as Rule] }));

describe("sources whose answers are malformed (B22)", function () {
  this.timeout(60_000);
  let world: LocalWorld;
  let record: string;

  before(async () => {
    world = await LocalWorld.open("anvil", 91);
    record = await mkdtemp(join(tmpdir(), "lockstep-formats-"));
  });

  after(async () => {
    await world.close();
    await rm(record, { recursive: true, force: true });
  });

  /** Each block is in sync by the others, and the first is itself again afterwards. */
  async function expectUnharmed(rig: SourcesRig, rules: readonly Rule[], isCaught: boolean): Promise<void> {
    await rig.putLiarFirst();
    const { number } = await rig.head();
    const isTold = (): boolean => rig.liar.rules.some(({ told }) => told > 0);
    const seen = await rig.lie(rules, ({ quarantined }) => (isCaught ? quarantined.length > 0 : isTold()));
    expect(wronglyBlamed(seen)).to.deep.equal([]);
    await rig.expectSound(seen);
    await rig.expectAllJudged(number);
  }

  describe("in a value", () => {
    let rig: SourcesRig;

    before(async () => {
      // Recorded: what is told must also be written down, and that must not fail either.
      rig = await SourcesRig.startThree(world, { flags: () => ({ record: join(record, "values") }) });
    });

    after(() => rig.stop());

    for (const { name, rules, isOnlyUseless } of VALUES) {
      it(`survives ${name}`, () => expectUnharmed(rig, rules, isOnlyUseless !== true));
    }

    it("reads hex whatever its case", () => {
      return expectUnharmed(rig, [rewrite((hex) => `0x${hex.slice(2).toUpperCase()}`)], false);
    });
  });

  for (const transport of ["http", "ws"] as const) {
    describe(`in the text, over ${transport}`, () => {
      let rig: SourcesRig;

      before(async () => {
        rig = await SourcesRig.startThree(world, {
          transports: [transport, "ws", "ws"],
          flags: () => ({ record: join(record, transport) }),
        });
      });

      after(() => rig.stop());

      for (const { name, rules } of TEXTS) it(`survives ${name}`, () => expectUnharmed(rig, rules, false));
    });
  }
});
