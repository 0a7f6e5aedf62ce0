import { expect } from "chai";

import { CONFIG_TABLE } from "../../../keeper/config/configTable.ts";
import { parseHashSetting, parsePinnedBlock } from "../../../keeper/config/parsers.ts";

const DIGITS = "AbCdEf0123456789".repeat(4);
const HASH = `0x${DIGITS}`;
const LOWER = HASH.toLowerCase();

describe("parsePinnedBlock", () => {
  it("reads number and hash, the hash in lower case, with space around", () => {
    for (const raw of [`21925176:${HASH}`, ` 21925176:${LOWER}\n`]) {
      expect(parsePinnedBlock(raw)).to.deep.equal({ ok: true, value: { number: 21_925_176, hash: LOWER } });
    }
    expect(parsePinnedBlock(`0:${HASH}`)).to.deep.equal({ ok: true, value: { number: 0, hash: LOWER } });
  });

  it("refuses everything else, and says what it wants", () => {
    const bad = [
      ...[undefined, null, 7, "", ":", HASH, `:${HASH}`, "7:", `7:${HASH}:`, `7:${HASH}:8`, `7 ${HASH}`],
      ...[`-7:${HASH}`, `7.5:${HASH}`, `0x7:${HASH}`, `1e3:${HASH}`, `${"9".repeat(16)}:${HASH}`, `7: ${HASH}`],
      ...[`7:${HASH}0`, `7:${HASH.slice(0, -1)}`, `7:${DIGITS}`, `7:${HASH.slice(0, -1)}g`, { number: 7, hash: HASH }],
    ];
    for (const raw of bad) {
      const parsed = parsePinnedBlock(raw);
      expect(parsed.ok, String(raw)).to.equal(false);
      if (!parsed.ok) expect(parsed.expected).to.match(/^a block as number:hash/);
    }
  });

  it("cannot be changed by whoever holds the settings", () => {
    const parsed = parsePinnedBlock(`7:${HASH}`);
    expect(parsed.ok && Object.isFrozen(parsed.value)).to.equal(true);
  });
});

describe("parseHashSetting", () => {
  it("reads 32 bytes in either case, with space around", () => {
    for (const raw of [HASH, LOWER, ` ${HASH} `]) {
      expect(parseHashSetting(raw)).to.deep.equal({ ok: true, value: LOWER });
    }
  });

  it("refuses everything else", () => {
    for (const raw of [undefined, 5, "", "0x", DIGITS, `${HASH}00`, HASH.slice(0, -1)]) {
      expect(parseHashSetting(raw), String(raw)).to.include({ ok: false });
    }
  });
});

describe("the settings of a chain", () => {
  it("are each read by their own parser, and are the profile's where they are not set", () => {
    const { profile, finality, confirmations, checkpointDepth, genesisHash, pinnedBlock } = CONFIG_TABLE;
    for (const row of [profile, finality, confirmations, checkpointDepth, genesisHash, pinnedBlock]) {
      expect(row.default).to.equal(undefined);
    }
    expect(profile.parse("op-stack")).to.deep.equal({ ok: true, value: "op-stack" });
    expect(profile.parse("optimism")).to.include({ ok: false });
    for (const policy of ["finalized", "safe", "depth"]) expect(finality.parse(policy)).to.include({ ok: true });
    expect(finality.parse("latest")).to.include({ ok: false });
    expect(confirmations.parse("1")).to.deep.equal({ ok: true, value: 1 });
    expect(confirmations.parse("0")).to.include({ ok: false });
    expect(confirmations.parse("8193")).to.include({ ok: false });
    expect(checkpointDepth.parse("128")).to.deep.equal({ ok: true, value: 128 });
    expect(checkpointDepth.parse("129")).to.include({ ok: false });
    expect(genesisHash.parse(HASH)).to.deep.equal({ ok: true, value: LOWER });
    expect(pinnedBlock.parse(`7:${HASH}`)).to.deep.equal({ ok: true, value: { number: 7, hash: LOWER } });
  });

  it("take back no more than the chain itself can say: a checkpoint names one of the newest 256 blocks", () => {
    const deepest = Array.from({ length: 300 }, (_, depth) => depth).filter((depth) => {
      return CONFIG_TABLE.checkpointDepth.parse(depth).ok;
    });
    expect(Math.max(...deepest)).to.be.lessThan(256);
  });
});
