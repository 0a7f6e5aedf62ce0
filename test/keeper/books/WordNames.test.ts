import { expect } from "chai";

import { LAYOUT as VAULT, storage as vault } from "../../../keeper/books/generated/CollateralVault.ts";
import { LAYOUT as LEDGER, storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { KnownKeys } from "../../../keeper/books/KnownKeys.ts";
import { nameSlots } from "../../../keeper/books/layout/nameSlot.ts";
import { WordNames } from "../../../keeper/books/WordNames.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";

const USD: Hex = `0x${"ee".repeat(20)}`;
const WETH: Hex = `0x${"e1".repeat(20)}`;

const accountOf = (index: number): Hash => `0x${index.toString(16).padStart(40, "a")}${"00".repeat(12)}`;

function seeAccounts(keys: KnownKeys, from: number, to: number): void {
  for (let index = from; index < to; index += 1) keys.see({ name: "", account: accountOf(index) } as { name: string });
}

function seeKey(keys: KnownKeys, key: { readonly asset: Hex } | { readonly instrument: bigint }): void {
  keys.see({ name: "", ...key });
}

describe("WordNames", () => {
  it("names what a search names, whatever the order in which keys come and the hashes it is given at a time", () => {
    for (const hashes of [1, 7, 100_000]) {
      const keys = new KnownKeys();
      const names = new WordNames(keys, USD);
      seeAccounts(keys, 0, 3);
      names.advance(hashes);
      seeKey(keys, { instrument: 7n });
      names.advance(hashes);
      seeAccounts(keys, 3, 5);
      names.advance(hashes);
      seeKey(keys, { asset: WETH });
      while (!names.isComplete) names.advance(hashes);
      const account = accountOf(4);
      const slots: Hash[] = [ledger.hot.slot, ledger.totalDebt.slot];
      for (const owner of [accountOf(0), account]) {
        slots.push(ledger.accounts.slot(owner), ledger.debts.slot(owner), ledger.positions.slot(owner, 7n));
        slots.push(
          ledger.collateral.slot(owner, WETH),
          ledger.collateral.slot(owner, USD),
          ledger.openIds.slot(owner, 1n),
        );
      }
      slots.push(ledger.markets.word0.slot(7n), ledger.markets.word1.slot(7n), ledger.clearingSizes.slot(7n));
      const candidates = {
        AccountId: [...keys.accounts],
        address: [USD, WETH],
        uint16: [7n],
        uint256: [0n, 1n, 2n, 3n],
      };
      const searched = nameSlots({ layout: LEDGER, slots, candidates }).names;
      for (const slot of slots) {
        const { variable, key } = names.nameOf("PositionLedger", slot)!;
        const found = searched.get(slot)!;
        const last = found.keys.at(-1)?.value ?? null;
        expect([variable, key]).to.deep.equal([
          found.variable,
          typeof last === "string" && last.length > 42 ? null : last,
        ]);
      }
      expect(names.nameOf("PositionLedger", ledger.markets.word1.slot(7n))!.offset).to.equal(1);
      const claim = vault.claims.slot(account, WETH);
      expect(nameSlots({ layout: VAULT, slots: [claim], candidates }).names.size).to.equal(1);
      expect(names.nameOf("CollateralVault", claim)).to.deep.equal({ variable: "_claims", key: WETH, offset: 0 });
      expect(names.nameOf("PositionLedger", claim)).to.equal(undefined);
    }
  });

  it("costs no more than it is given, and says that it is not complete", () => {
    const keys = new KnownKeys();
    const names = new WordNames(keys, USD);
    seeAccounts(keys, 0, 1_000);
    expect(names.advance(500)).to.be.within(-10, 0);
    expect(names.isComplete).to.equal(false);
    expect(names.nameOf("PositionLedger", ledger.accounts.slot(accountOf(999)))).to.equal(undefined);
  });

  it("goes back to a mark, so that what comes instead is named as if nothing else had been", () => {
    const keys = new KnownKeys();
    const names = new WordNames(keys, USD);
    seeAccounts(keys, 0, 10);
    names.advance(40);
    const [keyMark, mark] = [keys.mark(), names.mark()];
    seeAccounts(keys, 10, 20);
    seeKey(keys, { instrument: 9n });
    names.advance(100_000);
    const lie = ledger.positions.slot(accountOf(3), 9n);
    expect(names.nameOf("PositionLedger", lie)?.key).to.equal(9n);
    names.rewind(mark);
    keys.rewind(keyMark);
    expect(names.mark()).to.deep.equal(mark);
    expect([names.nameOf("PositionLedger", lie), keys.accounts.length, keys.others.length]).to.deep.equal([
      undefined,
      10,
      0,
    ]);
    seeKey(keys, { instrument: 8n });
    while (!names.isComplete) names.advance(13);
    expect(names.nameOf("PositionLedger", ledger.positions.slot(accountOf(9), 8n))?.key).to.equal(8n);
    expect(names.nameOf("PositionLedger", ledger.accounts.slot(accountOf(15)))).to.equal(undefined);
  });

  it("drops all names after a long rest, and names them again", () => {
    const keys = new KnownKeys();
    const names = new WordNames(keys, USD);
    seeAccounts(keys, 0, 5);
    names.advance(10_000);
    const mark = names.mark();
    for (let blocks = 0; blocks < 1_025; blocks += 1) names.rest();
    expect(names.mark().size).to.equal(0);
    names.rewind(mark);
    expect(names.isComplete).to.equal(false);
    names.advance(10_000);
    expect([names.isComplete, names.mark().size]).to.deep.equal([true, mark.size]);
  });
});
