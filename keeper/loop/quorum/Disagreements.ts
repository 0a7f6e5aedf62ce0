import { booksRoot } from "../../domain/booksRoot.ts";
import type { SignedStatement } from "../../domain/Statement.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import type { Opinion } from "../Decider.ts";
import type { QuorumContext } from "./QuorumContext.ts";
import type { QuorumView } from "./QuorumView.ts";

/** More than keepers have open at once; the oldest may be told again. */
const MAX_TOLD = 1_024;

/**
 * Tells when another keeper says of a block what this one does not: each pair once for each block, with what both signed. It
 * changes neither's verdict: which of them is wrong, the chain shows (see `Convictions`), or a human finds out.
 */
export class Disagreements {
  readonly #context: QuorumContext;
  readonly #told = new Set<string>();

  constructor(context: QuorumContext) {
    this.#context = context;
  }

  step(view: QuorumView, opinion: Opinion | null): void {
    const first = opinion?.verdict.kind === "Diverged" ? opinion.verdict.findings[0] : undefined;
    if (first === undefined) this.#compareRoots();
    else this.#compareWithDivergence(view, first.blockNumber, first.blockHash);
    if (opinion?.verdict.kind === "InSync") this.#compareWithPauses();
  }

  /** Attestations with other roots than those that this keeper proved. */
  #compareRoots(): void {
    const { book, judge } = this.#context;
    for (const tally of book.all("attestation")) {
      const { blockHash, blockNumber, booksRoot: theirs } = tally.statement.attestation;
      const roots = judge.rootsOf(blockHash);
      const ours = roots === null ? null : booksRoot(roots);
      if (ours === null || ours === theirs) continue;
      this.#tell(tally, blockHash, `block ${blockNumber}: they attest ${theirs}, here the roots prove ${ours}`);
    }
  }

  /** Certificates that pause for a block which is in sync here, and everything below it. */
  #compareWithPauses(): void {
    const { book, judge } = this.#context;
    for (const tally of book.all("pause")) {
      const { blockHash, blockNumber } = tally.statement.certificate;
      if (judge.rootsOf(blockHash) === null) continue;
      this.#tell(tally, blockHash, `block ${blockNumber}: they sign a pause for it, here it is in sync`);
    }
  }

  /** Diverged here, and so many others attest blocks above it that with this keeper they were a quorum. */
  #compareWithDivergence({ set }: QuorumView, number: number, hash: Hash): void {
    const { book, options, follower } = this.#context;
    const above = book.all("attestation").filter(({ statement: { attestation } }) => {
      const { blockNumber, blockHash } = attestation;
      return Number(blockNumber) >= number && follower.hashAt(Number(blockNumber)) === blockHash;
    });
    const others = new Set(above.flatMap(({ signatures }) => [...signatures.keys()]));
    if (options.attester !== null) others.delete(options.attester);
    if (BigInt(others.size) < set.quorum - 1n) return;
    for (const tally of above) {
      const { blockNumber } = tally.statement.attestation;
      this.#tell(tally, hash, `block ${number} is diverged here; they attest block ${blockNumber}`);
    }
  }

  #tell(tally: Parameters<typeof evidenceOf>[0], blockHash: Hash, detail: string): void {
    const { outbox, options, signing, book } = this.#context;
    for (const signer of tally.signatures.keys()) {
      const key = `${signer} ${blockHash} ${tally.statement.kind}`;
      if (signer === options.attester || this.#told.has(key)) continue;
      this.#told.add(key);
      const [oldest] = this.#told;
      if (this.#told.size > MAX_TOLD && oldest !== undefined) this.#told.delete(oldest);
      const own = book.statements().filter((other) => other.signer === options.attester && concerns(other, blockHash));
      const fields = { peer: signer, blockHash, ours: own, theirs: evidenceOf(tally, signer) };
      const root = signing.signedRoot(blockHash);
      const body = { chainId: options.chainId, detail, ...toPlain({ ...fields, signedRoot: root }) };
      outbox.emit({ type: "journal", id: outbox.newId(), kind: "disagreement", body });
      const event = "keepers-disagree";
      outbox.emit({ type: "alert", level: "critical", event, detail: `${signer}: ${detail}`, fields: toPlain(fields) });
    }
  }
}

function concerns({ statement }: SignedStatement, blockHash: Hash): boolean {
  if (statement.kind === "attestation") return statement.attestation.blockHash === blockHash;
  return statement.kind === "pause" && statement.certificate.blockHash === blockHash;
}

function evidenceOf(
  {
    statement,
    digest,
    signatures,
  }: Omit<SignedStatement, "signer" | "signature"> & {
    readonly signatures: ReadonlyMap<Address, Hash>;
  },
  signer: Address,
): SignedStatement {
  return { statement, digest, signer, signature: signatures.get(signer) ?? "0x" };
}

/** As JSON holds it: journals and logs have no bigints. */
function toPlain(value: object): Readonly<Record<string, unknown>> {
  const plain = (item: unknown): unknown => {
    if (typeof item === "bigint") return Number(item);
    if (Array.isArray(item)) return item.map(plain);
    if (typeof item !== "object" || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([name, member]) => [name, plain(member)]));
  };
  return plain(value) as Readonly<Record<string, unknown>>;
}
