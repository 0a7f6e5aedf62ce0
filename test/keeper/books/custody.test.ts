import { expect } from "chai";
import { network } from "hardhat";

import type { Books } from "../../../keeper/books/Books.ts";
import { listedAssets, owedOf } from "../../../keeper/books/custody.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { storage as vault } from "../../../keeper/books/generated/CollateralVault.ts";
import type { Address, Hex } from "../../../keeper/lib/hex.ts";
import { depositUsd, deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BooksFollower } from "./BooksFollower.ts";
import { RandomClearing } from "./RandomClearing.ts";

const BLOCKS = 60;
const SEED = 40;

/** What is owed of an asset, put together from every balance, claim and registration in the books; asset units, or 1e-18 of the settlement asset. */
function partsOf({ books }: BooksFollower, asset: Address): bigint {
  const { settlementAsset, settlementScale } = books.immutables;
  const isSettlement = asset === settlementAsset;
  const scale = isSettlement ? settlementScale : 1n;
  let sum = isSettlement ? settlementParts(books) : 0n;
  for (const account of books.accounts) {
    if (!isSettlement)
      sum += ledger.collateral.decode(read(books, "PositionLedger", ledger.collateral.slot(account, asset))).balance;
    const { owed, paid } = vault.claims.decode(read(books, "CollateralVault", vault.claims.slot(account, asset)));
    const slot = vault.registrations.slot(account, asset);
    const { amount, isPaid } = vault.registrations.decode(read(books, "CollateralVault", slot));
    sum += (owed - paid + (isPaid ? 0n : amount)) * scale;
  }
  return sum;
}

/** Quotes of all accounts, the insurance fund's among them, clearing accounts and fees; 1e-18. */
function settlementParts(books: Books): bigint {
  let sum = ledger.hot.decode(read(books, "PositionLedger", ledger.hot.slot)).fees;
  for (const account of books.accounts) {
    sum += ledger.accounts.decode(read(books, "PositionLedger", ledger.accounts.slot(account))).quote;
  }
  for (const item of books.items) {
    if (typeof item === "bigint")
      sum += ledger.markets.word1.decode(read(books, "PositionLedger", ledger.markets.word1.slot(item))).clearing;
  }
  return sum;
}

function read(books: Books, book: "PositionLedger" | "CollateralVault", slot: Hex): bigint {
  return books.read(book, slot);
}

/** Holds what the books say is owed against the vault's own numbers, the token's, and the sum of everything that is owed. */
async function expectOwed(system: Lockstep, follower: BooksFollower): Promise<readonly Address[]> {
  const { books } = follower;
  const listed = listedAssets(books);
  const events = await system.vault.queryFilter(system.vault.filters.AssetListed());
  expect([...listed].sort()).to.deep.equal(events.map(({ args }) => args.asset.toLowerCase()).sort());
  for (const asset of listed) {
    const owed = owedOf(books, asset);
    const { held } = await system.vault.assetOf(asset);
    const token = await system.ethers.getContractAt("MockToken", asset);
    const custody = await token.balanceOf(system.vault.target);
    expect(owed, `${asset} by the vault`).to.equal(held);
    expect(custody >= owed, `${asset}: ${custody} in custody, ${owed} owed`).to.equal(true);
    const scale = asset === books.immutables.settlementAsset ? books.immutables.settlementScale : 1n;
    expect(partsOf(follower, asset), `${asset} by its parts`).to.equal(owed * scale);
  }
  return listed;
}

describe("What the vault owes by the books", function () {
  this.timeout(120_000);

  it(`is the vault's own number, in custody, and the sum of its parts, after each of ${BLOCKS} random blocks`, async () => {
    const connection = await network.create();
    const clearing = await RandomClearing.open(connection);
    const follower = await BooksFollower.open(clearing.system);
    const random = new SeededRandom(chooseSeed(SEED));
    for (let block = 0; block < BLOCKS; block += 1) {
      await clearing.step(random);
      await follower.follow();
      expect(await expectOwed(clearing.system, follower)).to.have.length(2);
    }
    await connection.close();
  });

  it("is so while a claim is kept, and after it is paid", async () => {
    const system = await deployLockstep(await network.create());
    const follower = await BooksFollower.open(system);
    const [user] = system.users;
    await depositUsd(system, user!, 100n);
    await system.usd.setBlocked(user!.address, true);
    await system.vault.connect(user!).withdraw(accountOf(user!), system.usd.target, 40n, user!.address);
    await follower.follow();
    await expectOwed(system, follower);
    expect(owedOf(follower.books, follower.books.immutables.settlementAsset)).to.equal(100n);
    await system.usd.setBlocked(user!.address, false);
    await system.vault.connect(user!).claim(accountOf(user!), system.usd.target, user!.address);
    await follower.follow();
    await expectOwed(system, follower);
    expect(owedOf(follower.books, follower.books.immutables.settlementAsset)).to.equal(60n);
    await system.connection.close();
  });

  it("is nothing of a token that is not listed", async () => {
    const system = await deployLockstep(await network.create());
    const follower = await BooksFollower.open(system);
    await follower.follow();
    const bond = (system.bondToken.target as string).toLowerCase() as Address;
    expect([owedOf(follower.books, bond), listedAssets(follower.books).includes(bond)]).to.deep.equal([0n, false]);
    await system.connection.close();
  });
});
