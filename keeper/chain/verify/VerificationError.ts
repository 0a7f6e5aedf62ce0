import { KeeperError, type KeeperErrorPayload } from "../../errors/KeeperError.ts";
import type { ProofErrorCode } from "../../trie/ProofError.ts";

/** What an answer violated. */
export type VerificationErrorCode =
  /** Payload `field`, `detail`: a header field is missing or is not what the specification says. */
  | "HeaderMalformed"
  /** Payload `expected`, `actual`: the header is not the one with the expected hash. */
  | "HeaderHashMismatch"
  /**
   * Payload `fields` or `count`: the header has fields that this version does not know or does not take so long, so it
   * cannot be judged.
   */
  | "HeaderUnsupported"
  /** Payload `detail`: no block with this header has this list of transactions. */
  | "TransactionListMalformed"
  /** Payload `index`, `field`: a receipt is not what the specification says. */
  | "ReceiptMalformed"
  /** Payload `index`, `type`: a receipt of a transaction type that this version does not know. */
  | "ReceiptUnsupported"
  /** Payload `expected`, `actual`: these are not the block's receipts. */
  | "ReceiptsRootMismatch"
  | ProofErrorCode;

/**
 * An answer that does not verify. Evidence against the source that gave it (with `…Unsupported` only against this
 * version); never a divergence, and never retryable at the same source.
 */
export class VerificationError extends KeeperError {
  declare readonly code: VerificationErrorCode;

  constructor(
    code: VerificationErrorCode,
    message: string,
    payload: KeeperErrorPayload = {},
    options: { cause?: unknown } = {},
  ) {
    super(code, message, payload, options);
    this.name = "VerificationError";
  }
}
