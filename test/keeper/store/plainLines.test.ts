import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

/** What is to be done, as a log of plain lines holds it: no checksum, no chain, no version. */
interface Intent {
  readonly incident: string;
  readonly nonce: number;
}

const INTENTS: readonly Intent[] = [1_200, 1_201, 1_202].map((nonce, index) => ({ incident: `i${index}`, nonce }));
const BYTES = Buffer.from(INTENTS.map(({ incident, nonce }) => `${incident},${nonce}\n`).join(""));

/** The records of a log; a line that makes no sense is an error. */
function readLines(bytes: Buffer): Intent[] {
  const lines = bytes.toString("latin1").split("\n");
  return lines.filter(Boolean).map((line) => {
    const [incident, nonce, ...rest] = line.split(",");
    if (incident === "" || nonce === undefined || nonce === "" || rest.length > 0 || !Number.isInteger(Number(nonce)))
      throw new Error(line);
    return { incident: incident!, nonce: Number(nonce) };
  });
}

/** Whether a log is taken although it says of some record something else than was written. */
function isMisread(bytes: Buffer): boolean {
  try {
    return readLines(bytes).some((intent, index) => JSON.stringify(intent) !== JSON.stringify(INTENTS[index]));
  } catch {
    return false;
  }
}

/** What the same scenarios cost a keeper that keeps its records as most programs do. */
describe("a log of plain lines in the store's place", () => {
  it("D3: takes half a number for a number when its last record is torn", () => {
    const torn = Array.from({ length: BYTES.length }, (_, length) => BYTES.subarray(0, length));
    const misread = torn.filter(isMisread);
    expect(misread.length).to.be.greaterThan(INTENTS.length);
    expect(misread.map((bytes) => readLines(bytes).at(-1)!.nonce)).to.include(12);
  });

  it("D5: takes another number, or another incident, for what was written when a bit flips", () => {
    const flips = Array.from({ length: BYTES.length * 8 }, (_, bit) => {
      const flipped = Buffer.from(BYTES);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      return flipped;
    });
    expect(flips.filter(isMisread).length).to.be.greaterThan(flips.length / 4);
  });

  it("D7: loses one keeper's intent when two write back what they have read", () => {
    const directory = mkdtempSync(join(tmpdir(), "lockstep-plain-"));
    try {
      const path = join(directory, "intents.json");
      const read = (): Intent[] => JSON.parse(readFileSync(path, "utf8")) as Intent[];
      writeFileSync(path, JSON.stringify(INTENTS));
      const [one, two] = [read(), read()];
      writeFileSync(path, JSON.stringify([...one, { incident: "of one", nonce: 1_203 }]));
      writeFileSync(path, JSON.stringify([...two, { incident: "of two", nonce: 1_203 }]));
      // Both have sent a transaction of this nonce, and a restart knows of one.
      const kept = read().filter(({ nonce }) => nonce === 1_203);
      expect(kept.map(({ incident }) => incident)).to.deep.equal(["of two"]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("D16: forgets what an older version does not know as soon as that writes", () => {
    const newer = INTENTS.map((intent) => ({ ...intent, isIncluded: true }));
    const older = (JSON.parse(JSON.stringify(newer)) as Intent[]).map(({ incident, nonce }) => ({ incident, nonce }));
    const again = JSON.parse(JSON.stringify(older)) as readonly { readonly isIncluded?: boolean }[];
    // All of them are sent once more.
    expect(again.filter(({ isIncluded }) => isIncluded !== true)).to.have.length(INTENTS.length);
  });
});
