import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { readRecording, type ReadOptions } from "../../../keeper/evidence/readRecording.ts";
import { FIRST_SEAL, sealLine } from "../../../keeper/evidence/sealedLines.ts";
import { exchangeOf } from "./samples.ts";

const WINDOW = '{"type":"window","format":1,"build":"1","wallMs":1,"atMs":1,"options":null}';
const MEBIBYTE = 1024 * 1024;

/** Lines with seals that fit, as who makes a recording up would write them. */
function sealed(lines: readonly string[]): string {
  let before = FIRST_SEAL;
  return lines
    .map((json) => {
      const { line, seal } = sealLine(json, before);
      before = seal;
      return `${line}\n`;
    })
    .join("");
}

describe("readRecording of what somebody made up", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-crafted-"));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function refusal(options: ReadOptions = {}): Promise<KeeperError> {
    try {
      await readRecording(directory, options);
    } catch (error: unknown) {
      if (error instanceof KeeperError) return error;
      throw error;
    }
    throw new Error("it was read");
  }

  it("unpacks no more than a recorder writes into one file, and names the file and the limit", async () => {
    const bomb = gzipSync(Buffer.alloc(8 * MEBIBYTE, " "));
    expect(bomb.length).to.be.below(10_000);
    await writeFile(join(directory, "000001.ndjson.gz"), bomb);
    const error = await refusal({ maxFileBytes: MEBIBYTE });
    expect(error.code).to.equal("RecordingTooLarge");
    expect(error.message).to.match(/^000001\.ndjson\.gz: unpacked, it holds more than 1048576 bytes/);
    expect(error.payload).to.deep.equal({ file: "000001.ndjson.gz", maxBytes: MEBIBYTE });
  });

  it("reads no larger file either", async () => {
    await writeFile(join(directory, "000001.ndjson"), Buffer.alloc(2_000, "x"));
    expect((await refusal({ maxFileBytes: 1_999 })).code).to.equal("RecordingTooLarge");
    expect((await refusal({ maxFileBytes: 2_000 })).code).to.equal("RecordingCorrupt");
  });

  it("reads what is within the limit", async () => {
    const exchange = exchangeOf("x", 1);
    const text = sealed([WINDOW, JSON.stringify({ type: "exchange", exchange })]);
    await writeFile(join(directory, "000001.ndjson.gz"), gzipSync(text));
    expect((await readRecording(directory, { maxFileBytes: text.length })).exchanges).to.deep.equal([exchange]);
  });

  const exchange = (more: Record<string, unknown>): string =>
    JSON.stringify({ type: "exchange", exchange: { ...exchangeOf("x", 1), ...more } });
  for (const [what, line] of [
    ["bytes by their number", '{"type":"input","atMs":1,"input":{"type":"x","of":{"$bytes":4000000000}}}'],
    ["a map that is a text", '{"type":"input","atMs":1,"input":{"type":"x","of":{"$map":"ab"}}}'],
    [
      "a tag nested without end",
      `{"type":"input","atMs":1,"input":${'{"$set":['.repeat(200_000)}${"]}".repeat(200_000)}}`,
    ],
    ["null", '{"type":"exchange","exchange":null}'],
    ["no object", "[{}]"],
    ["another type", '{"type":"toString"}'],
    ["an input without a time", '{"type":"input","input":{"type":"tick"}}'],
    ["an input that is a text", '{"type":"input","atMs":1,"input":"tick"}'],
    ["a decision that is a list", '{"type":"decision","atMs":1,"decision":[]}'],
    ["a time that is a text", exchange({ sentAtMs: "1" })],
    ["a text that is an object", exchange({ text: { length: 5 } })],
    ["a call without params", exchange({ calls: [{ method: "m" }] })],
    ["an id that is no integer", exchange({ firstId: 0.5 })],
    ["a cut without a digest", exchange({ cut: { bytes: 5 } })],
    ["an end for another reason", '{"type":"end","reason":"tired"}'],
    ["a filler without a name", '{"type":"end","reason":"full","filledBy":{"bytes":1}}'],
  ] as const) {
    it(`refuses ${what}, and names the line`, async () => {
      await writeFile(join(directory, "000001.ndjson"), sealed([WINDOW, line]));
      const { code, message } = await refusal();
      expect(code).to.equal("RecordingCorrupt");
      expect(message).to.match(/^000001\.ndjson:2: the line|^000001\.ndjson:2: a member/);
    });
  }

  it("refuses a beginning whose options are no object", async () => {
    for (const options of ["null", "[]", '"x"', "7"]) {
      const text = WINDOW.replace('"window"', '"recording"').replace('"options":null', `"options":${options}`);
      await writeFile(join(directory, "000001.ndjson"), sealed([text]));
      expect((await refusal()).code).to.equal("RecordingCorrupt");
    }
  });
});
