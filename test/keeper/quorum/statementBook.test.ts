import { expect } from "chai";

import { statementDigest, type Verifiers } from "../../../keeper/domain/statementDigest.ts";
import type { SignedStatement, Statement } from "../../../keeper/domain/Statement.ts";
import type { Address, Hash } from "../../../keeper/lib/hex.ts";
import { StatementBook } from "../../../keeper/loop/quorum/StatementBook.ts";

const VERIFIERS: Verifiers = { chainId: 31_337n, registry: `0x${"aa".repeat(20)}`, guard: `0x${"bb".repeat(20)}` };
const ONE: Address = `0x${"11".repeat(20)}`;
const OTHER: Address = `0x${"22".repeat(20)}`;

function hashOf(value: number): Hash {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

function attested(blockNumber: number, signer = ONE): SignedStatement {
  const attestation = {
    setId: 1n,
    bookSetVersion: 1n,
    blockNumber: BigInt(blockNumber),
    blockHash: hashOf(blockNumber),
  };
  const statement: Statement = {
    kind: "attestation",
    attestation: { ...attestation, booksRoot: hashOf(7) },
    roots: [],
  };
  return { statement, digest: statementDigest(statement, VERIFIERS), signer, signature: "0x" };
}

function paused(incident: number, signer: Address): SignedStatement {
  const certificate = {
    incidentId: hashOf(incident),
    setId: 1n,
    pauseNonce: 0n,
    blockNumber: 5n,
    blockHash: hashOf(5),
  };
  const statement: Statement = { kind: "pause", certificate };
  return { statement, digest: statementDigest(statement, VERIFIERS), signer, signature: "0x" };
}

function blocksOf(book: StatementBook): bigint[] {
  return book.all("attestation").map(({ statement }) => statement.attestation.blockNumber);
}

describe("the statements that are kept", () => {
  it("are those of the newest blocks, whatever order they come in", () => {
    const book = new StatementBook();
    for (const number of [9, 3, 1, 2, 4, 5, 6, 7, 8]) book.add(attested(number));
    expect(blocksOf(book)).to.have.members([2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
    const { version } = book;
    expect(book.add(attested(1))).to.equal(false);
    expect(book.version).to.equal(version);
  });

  it("come to rest when keepers tell each other all that they have", () => {
    const books = [new StatementBook(), new StatementBook()] as const;
    for (let number = 1; number <= 12; number += 1) books[0].add(attested(number));
    for (let number = 1; number <= 9; number += 1) books[1].add(attested(number));
    for (let incident = 1; incident <= 20; incident += 1) {
      books[incident % 2]?.add(paused(incident, ONE));
      books[0].add(paused(incident, OTHER));
    }
    // Each answers before it has heard the other's answer.
    const exchange = (): void => {
      const [first, second] = [books[0].statements(), books[1].statements()];
      for (const statement of first) books[1].add(statement);
      for (const statement of second) books[0].add(statement);
    };
    exchange();
    const versions = books.map(({ version }) => version);
    exchange();
    expect(books.map(({ version }) => version)).to.deep.equal(versions);
    expect(books[0].statements()).to.have.deep.members(books[1].statements());
  });

  it("let go of nobody else's for a signer of many", () => {
    const book = new StatementBook();
    book.add(attested(1, OTHER));
    for (let number = 2; number <= 40; number += 1) book.add(attested(number));
    expect(book.has(attested(1, OTHER).digest, OTHER)).to.equal(true);
  });
});
