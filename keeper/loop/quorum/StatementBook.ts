import type { KeeperSet } from "../../domain/keeperSet.ts";
import type { SignedStatement, Statement } from "../../domain/Statement.ts";
import type { Address, Hash, Hex } from "../../lib/hex.ts";

/** A statement and everybody who is known to have signed it. */
export interface Tally {
  readonly statement: Statement;
  readonly digest: Hash;
  /** By signer, 65 bytes each. */
  readonly signatures: ReadonlyMap<Address, Hex>;
}

/** A tally of a statement of one kind. */
export type TallyOf<Kind extends Statement["kind"]> = Tally & {
  readonly statement: Extract<Statement, { kind: Kind }>;
};

interface Kept extends Tally {
  readonly signatures: Map<Address, Hex>;
}

/** Statements of one kind that are kept of one signer: of who signs more the lowest blocks' go, and nobody else's. */
const MAX_OF_SIGNER = 8;

/**
 * The signed statements that matter now, by what was signed. Keyed by signer and never by who told: what one keeper relays of
 * another counts as if the other had told it.
 */
export class StatementBook {
  readonly #tallies = new Map<Hash, Kept>();
  #version = 0;

  /** Counts up with each change. */
  get version(): number {
    return this.#version;
  }

  /** Takes a statement in; false when it was known, or its signer has signed enough that counts for more. */
  add({ statement, digest, signer, signature }: SignedStatement): boolean {
    const kept = this.#tallies.get(digest) ?? { statement, digest, signatures: new Map<Address, Hex>() };
    if (kept.signatures.has(signer)) return false;
    const lowest = this.#lowestOf(signer, statement.kind);
    if (lowest !== null && compare(kept, lowest) < 0) return false;
    kept.signatures.set(signer, signature);
    this.#tallies.set(digest, kept);
    this.#version += 1;
    if (lowest !== null) this.#remove(lowest.digest, signer);
    return true;
  }

  has(digest: Hash, signer: Address): boolean {
    return this.#tallies.get(digest)?.signatures.has(signer) ?? false;
  }

  get(digest: Hash): Tally | null {
    return this.#tallies.get(digest) ?? null;
  }

  /** Oldest first. */
  all<Kind extends Statement["kind"]>(kind: Kind): TallyOf<Kind>[] {
    return [...this.#tallies.values()].filter(({ statement }) => statement.kind === kind) as unknown as TallyOf<Kind>[];
  }

  /** Everything, for whoever asks. */
  statements(): SignedStatement[] {
    return [...this.#tallies.values()].flatMap(({ statement, digest, signatures }) =>
      [...signatures].map(([signer, signature]) => ({ statement, digest, signer, signature })),
    );
  }

  /** Drops the signatures that are of no use any more. */
  prune(isOfUse: (statement: Statement, signer: Address) => boolean): void {
    for (const { statement, digest, signatures } of [...this.#tallies.values()]) {
      for (const signer of [...signatures.keys()]) if (!isOfUse(statement, signer)) this.#remove(digest, signer);
    }
  }

  /**
   * Of a signer who has signed as many as are kept, what goes for something higher; null while there is room. By what is signed and not
   * by when it came: keepers that tell each other everything then keep the same, and none teaches another what that one let go.
   */
  #lowestOf(signer: Address, kind: Statement["kind"]): Tally | null {
    const own = this.all(kind).filter(({ signatures }) => signatures.has(signer));
    return own.length < MAX_OF_SIGNER ? null : own.reduce((one, other) => (compare(other, one) < 0 ? other : one));
  }

  #remove(digest: Hash, signer: Address): void {
    const kept = this.#tallies.get(digest);
    if (kept?.signatures.delete(signer) !== true) return;
    if (kept.signatures.size === 0) this.#tallies.delete(digest);
    this.#version += 1;
  }
}

/** By the block that a statement is about, then by its digest. */
function compare(one: Tally, other: Tally): number {
  const difference = blockOf(one.statement) - blockOf(other.statement);
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return one.digest < other.digest ? -1 : 1;
}

function blockOf(statement: Statement): bigint {
  if (statement.kind === "attestation") return statement.attestation.blockNumber;
  return statement.kind === "pause" ? statement.certificate.blockNumber : statement.certificate.checkpointNumber;
}

/** The signatures of a set's members, ascending by signer, as the contracts take them; null while they are no quorum. */
export function quorumOn({ signatures }: Tally, { members, quorum }: KeeperSet): Hex[] | null {
  const found = members.flatMap((member) => {
    const signature = signatures.get(member);
    return signature === undefined ? [] : [signature];
  });
  // More than are needed cost gas and prove no more.
  return BigInt(found.length) < quorum ? null : found.slice(0, Number(quorum));
}
