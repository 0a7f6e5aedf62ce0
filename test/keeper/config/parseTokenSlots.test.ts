import { expect } from "chai";

import { parseTokenSlots } from "../../../keeper/config/parseTokenSlots.ts";
import { balanceSlot, describeTokenSlot, type TokenSlot } from "../../../keeper/domain/TokenSlot.ts";

const A = `0x${"a1".repeat(20)}`;
const B = `0x${"b2".repeat(20)}`;
/** Where OpenZeppelin's upgradeable tokens keep balances (ERC-7201). */
const NAMESPACED = "0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00";

function read(raw: unknown): readonly TokenSlot[] {
  const parsed = parseTokenSlots(raw);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
}

describe("parseTokenSlots", () => {
  it("takes tokens with decimal and hexadecimal slots, in Solidity's order unless told otherwise", () => {
    const slots = read(`${A}:9, ${B}:${NAMESPACED}:vyper`);
    expect(slots).to.deep.equal([
      { token: A, slot: `0x${"9".padStart(64, "0")}`, order: "solidity" },
      { token: B, slot: NAMESPACED, order: "vyper" },
    ]);
    expect(slots.map(describeTokenSlot)).to.deep.equal([`${A}:9`, `${B}:${NAMESPACED}:vyper`]);
    expect(read(slots.map(describeTokenSlot))).to.deep.equal(slots);
    expect(read([`${A}:0x9`])).to.deep.equal([slots[0]]);
  });

  it("refuses what is no token slot, naming which one, and a token twice", () => {
    for (const item of [
      "",
      A,
      `${A}:`,
      `${A}:x`,
      `${A}:-1`,
      `${A}:1:solidly`,
      `${A}:1:vyper:2`,
      `0x12:1`,
      `${A}:0x${"1".repeat(65)}`,
      7,
    ]) {
      const parsed = parseTokenSlots([`${B}:1`, item]);
      expect(parsed.ok, String(item)).to.equal(false);
      expect(JSON.stringify(parsed)).to.contain("token 2 to be");
    }
    expect(parseTokenSlots(`${A}:1,${A}:2`)).to.deep.equal({ ok: false, expected: "each token once", shown: A });
    expect(parseTokenSlots(true).ok).to.equal(false);
    expect(parseTokenSlots(Array.from({ length: 33 }, () => `${A}:1`)).ok).to.equal(false);
  });
});

describe("balanceSlot", () => {
  it("is where tokens of both languages keep a balance", () => {
    // keccak256(abi.encode(holder, slot)) and keccak256(abi.encode(slot, holder)), worked out with ethers.
    const holder = "0x00000000000000000000000000000000000000a1";
    const slot = `0x${"2".padStart(64, "0")}` as const;
    expect(balanceSlot({ slot, order: "solidity" }, holder)).to.equal(
      "0x1f3740a279cf2d77f66bcbcd8ca9363a902fba240cc78bdb7fdc53f368015d5a",
    );
    expect(balanceSlot({ slot, order: "vyper" }, holder)).to.equal(
      "0x56cd10bd7c5a283404157adf2ba847ac6f7bfee0953fbdea6cae6f66ee17d9ce",
    );
  });
});
