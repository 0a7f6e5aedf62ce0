import { KeeperError, type KeeperErrorPayload } from "../errors/KeeperError.ts";

/** What a Merkle-Patricia proof violated. */
export type ProofErrorCode =
  /** Not a list of hex strings, too long, or an answer of another shape than asked for. */
  | "ProofMalformed"
  /** A node is not the canonical encoding of a leaf, an extension or a branch. */
  | "ProofNodeMalformed"
  /** A node is not the one that its parent, or the root, names. */
  | "ProofNodeHashMismatch"
  /** The proof ends before the path does. */
  | "ProofNodeMissing"
  /** Nodes are left over after the end of the path. */
  | "ProofNodeUnused"
  /** The leaf's value is not what this trie holds: no canonical word, no account. */
  | "ProofValueMalformed"
  /** The answer claims another value than its own proof proves. */
  | "ProofValueMismatch"
  /** The answer is for a key that was not asked for, or for one twice. */
  | "ProofKeyUnexpected";

/** A proof that does not hold: evidence against the source that served it, never a divergence. */
export class ProofError extends KeeperError {
  declare readonly code: ProofErrorCode;

  constructor(
    code: ProofErrorCode,
    message: string,
    payload: KeeperErrorPayload = {},
    options: { cause?: unknown } = {},
  ) {
    super(code, message, payload, options);
    this.name = "ProofError";
  }
}
