import { statementDigest, statementHashes, type Verifiers } from "../../domain/statementDigest.ts";
import type { Statement } from "../../domain/Statement.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import type { KeeperOptions } from "../KeeperOptions.ts";
import type { Outbox } from "../Outbox.ts";
import type { Input } from "../ports.ts";
import type { StatementBook } from "./StatementBook.ts";

interface Pending {
  readonly statement: Statement;
  readonly digest: Hash;
}

/** Certificates whose signatures are remembered. */
const MAX_CERTIFIED = 256;

/** Signs statements with the attest key: each is durable before it is signed, and what is signed is in the book. */
export class Signing {
  readonly verifiers: Verifiers;
  readonly #options: KeeperOptions;
  readonly #outbox: Outbox;
  readonly #book: StatementBook;
  readonly #journalling = new Map<number, Pending>();
  readonly #signing = new Map<number, Pending>();
  /** Own signatures of certificates, by digest: what the book let go is entered again, and not signed again. */
  readonly #certified = new Map<Hash, Hex>();
  /** Roots that were signed, or are about to be, by block hash. */
  readonly #roots: Map<Hash, Hash>;

  constructor(options: KeeperOptions, outbox: Outbox, book: StatementBook) {
    const { chainId, addresses, signedRoots } = options;
    const { CheckpointRegistry: registry, SyncGuard: guard } = addresses;
    this.verifiers = { chainId: BigInt(chainId), registry, guard };
    this.#options = options;
    this.#outbox = outbox;
    this.#book = book;
    this.#roots = new Map(signedRoots);
  }

  /** What was signed by another replica. */
  remember(signedRoots: ReadonlyMap<Hash, Hash>): void {
    for (const [blockHash, booksRoot] of signedRoots) this.#roots.set(blockHash, booksRoot);
  }

  digestOf(statement: Statement): Hash {
    return statementDigest(statement, this.verifiers);
  }

  /** The books root that this keeper signed for a block, in this run or an earlier one; null when it signed none. */
  signedRoot(blockHash: Hash): Hash | null {
    return this.#roots.get(blockHash) ?? null;
  }

  /** Whether this keeper has signed it, or is about to. */
  has(digest: Hash): boolean {
    const isPending = (pending: ReadonlyMap<number, Pending>): boolean =>
      [...pending.values()].some((other) => other.digest === digest);
    const { attester } = this.#options;
    if (attester !== null && this.#book.has(digest, attester)) return true;
    return isPending(this.#journalling) || isPending(this.#signing);
  }

  /** Writes a statement down and signs it then; says nothing where it was signed before. Never two roots for one block hash. */
  sign(statement: Statement): void {
    const digest = this.digestOf(statement);
    const { attester, policy } = this.#options;
    if (policy.mode !== "act" || attester === null || this.has(digest) || !this.#mayAttest(statement)) return;
    const signature = this.#certified.get(digest);
    if (signature !== undefined) {
      this.#book.add({ statement, digest, signer: attester, signature });
      return;
    }
    const id = this.#outbox.newId();
    this.#journalling.set(id, { statement, digest });
    this.#outbox.emit({ type: "journal", id, ...recordOf(statement, this.#options.chainId) });
  }

  /** The record is durable: sign. False when the id is somebody else's. */
  journalled({ id }: Extract<Input, { type: "journalled" }>): boolean {
    const pending = this.#journalling.get(id);
    if (pending === undefined) return false;
    this.#journalling.delete(id);
    const next = this.#outbox.newId();
    this.#signing.set(next, pending);
    const { statement } = pending;
    const hashes = statementHashes(statement, this.verifiers);
    this.#outbox.emit({ type: "sign-typed-data", id: next, key: "attest", ...hashes, statement });
    return true;
  }

  /** Signed. False when the id is somebody else's. */
  signed({ id, raw }: Extract<Input, { type: "signed" }>): boolean {
    const pending = this.#signing.get(id);
    const { attester } = this.#options;
    if (pending === undefined || attester === null) return false;
    this.#signing.delete(id);
    this.#book.add({ ...pending, signer: attester, signature: raw });
    if (pending.statement.kind !== "attestation") this.#keep(pending.digest, raw);
    return true;
  }

  /** Whether this run has signed a certificate, whether or not the book still has it. */
  hasCertified(digest: Hash): boolean {
    return this.#certified.has(digest) || this.has(digest);
  }

  #keep(digest: Hash, signature: Hex): void {
    this.#certified.set(digest, signature);
    const [oldest] = this.#certified.keys();
    if (this.#certified.size > MAX_CERTIFIED && oldest !== undefined) this.#certified.delete(oldest);
  }

  /** The signer could not sign: the statement may be asked for again. False when the id is somebody else's. */
  failed({ id }: Extract<Input, { type: "sign-failed" }>): boolean {
    return this.#signing.delete(id);
  }

  #mayAttest(statement: Statement): boolean {
    if (statement.kind !== "attestation") return true;
    const { blockHash, booksRoot } = statement.attestation;
    const before = this.#roots.get(blockHash);
    if (before === undefined || before === booksRoot) {
      this.#roots.set(blockHash, booksRoot);
      return true;
    }
    const detail = `block ${blockHash} was signed with ${before}, now the books have ${booksRoot}`;
    this.#outbox.emit({ type: "alert", level: "critical", event: "second-root-refused", detail });
    return false;
  }
}

/** What is kept of a statement for good. */
function recordOf(statement: Statement, chainId: number): { readonly kind: string; readonly body: unknown } {
  if (statement.kind === "attestation") {
    const { blockHash, blockNumber, booksRoot } = statement.attestation;
    return { kind: "signature", body: { chainId, blockHash, blockNumber: Number(blockNumber), booksRoot } };
  }
  const entries = Object.entries(statement.certificate).map(([name, value]: [string, unknown]) => {
    return [name, typeof value === "bigint" ? Number(value) : value] as const;
  });
  return { kind: `${statement.kind}-certificate`, body: { chainId, ...Object.fromEntries(entries) } };
}
