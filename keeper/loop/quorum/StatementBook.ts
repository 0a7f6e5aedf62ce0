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

/** Statements of one kind that are kept of one signer: who signs more pushes out what it signed before, and nobody else's. */
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

  /** Takes a statement in; false when it was known. */
  add({ statement, digest, signer, signature }: SignedStatement): boolean {
    const kept = this.#tallies.get(digest) ?? { statement, digest, signatures: new Map<Address, Hex>() };
    if (kept.signatures.has(signer)) return false;
    kept.signatures.set(signer, signature);
    this.#tallies.set(digest, kept);
    this.#version += 1;
    this.#bound(signer, statement.kind, digest);
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

  #bound(signer: Address, kind: Statement["kind"], newest: Hash): void {
    const own = this.all(kind).filter(({ signatures }) => signatures.has(signer));
    const [oldest] = own.filter(({ digest }) => digest !== newest);
    if (own.length > MAX_OF_SIGNER && oldest !== undefined) this.#remove(oldest.digest, signer);
  }

  #remove(digest: Hash, signer: Address): void {
    const kept = this.#tallies.get(digest);
    if (kept?.signatures.delete(signer) !== true) return;
    if (kept.signatures.size === 0) this.#tallies.delete(digest);
    this.#version += 1;
  }
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
