import type { SignedStatement } from "../domain/Statement.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { hexToBytes, type Address } from "../lib/hex.ts";

/** Finds the address whose key signed a digest; null where no key can have. */
export type Recover = (
  digest: Uint8Array,
  signature: { readonly yParity: 0 | 1; readonly r: Uint8Array; readonly s: Uint8Array },
) => Address | null;

/** The contracts refuse a signature with a greater s (EIP-2): it is the twin of another. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
/** Signatures that are remembered as good: more than all keepers can have open. */
const MAX_KNOWN = 4_096;

/**
 * Checks who signed what. Each signature is recovered once, whoever serves it. One that is not by whom it is said to be ends the
 * work on a document: a keeper serves only what it has checked itself, so that this one is lying, and costs one recovery.
 */
export class StatementVerifier {
  readonly #recover: Recover;
  readonly #isBonded: (signer: Address) => boolean;
  readonly #known = new Set<string>();

  /** @param isBonded whether a key's statements matter at all: others are skipped, and cost nothing */
  constructor(recover: Recover, isBonded: (signer: Address) => boolean) {
    this.#recover = recover;
    this.#isBonded = isBonded;
  }

  /** Those of bonded keepers. @throws KeeperError `PeerForged` when a signature is not by whom it is said to be */
  verify(claims: readonly SignedStatement[]): SignedStatement[] {
    return claims.filter((claim) => {
      if (!this.#isBonded(claim.signer)) return false;
      this.#check(claim);
      return true;
    });
  }

  #check({ digest, signer, signature }: SignedStatement): void {
    const key = `${digest}${signer}${signature}`;
    if (this.#known.has(key)) return;
    const bytes = hexToBytes(signature);
    const isLow = BigInt(`0x${signature.slice(66, 130)}`) <= HALF_ORDER;
    const yParity = bytes[64] === 27 ? 0 : 1;
    const parts = { yParity, r: bytes.slice(0, 32), s: bytes.slice(32, 64) } as const;
    if (!isLow || this.#recover(hexToBytes(digest), parts) !== signer) {
      throw new KeeperError("PeerForged", `it serves a signature that is not by ${signer}`, { signer, digest });
    }
    this.#known.add(key);
    const [oldest] = this.#known;
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}
