/**
 * Why a node did not take a transaction.
 *
 * - `outbid`: another transaction of the same nonce is there and pays nearly as much or more.
 * - `nonce-used`: the chain, as that node sees it, has a transaction of that nonce.
 * - `unfunded`: the account cannot pay for the gas at the fee offered.
 * - `fee-too-low`: less than the base fee, or than the least that the node takes.
 * - `invalid`: it will never be taken as it is.
 * - `unreachable`: no answer; it may have been taken all the same.
 */
export type RefusalKind = "outbid" | "nonce-used" | "unfunded" | "fee-too-low" | "invalid" | "unreachable" | "other";

/** What a source said of a transaction that it did not take. */
export interface SendRefusal {
  readonly kind: RefusalKind;
  /** Its words, for people. */
  readonly detail: string;
}

/**
 * Messages by kind; nodes agree on no codes. geth: core/txpool/errors.go, core/error.go; reth: transaction-pool/src/error.rs; Nethermind:
 * AcceptTxResult.cs; Erigon: txpoolcfg; Besu: TransactionInvalidReason; Anvil and Hardhat: what their versions here answer.
 */
const MESSAGES: readonly (readonly [RefusalKind | "known", RegExp])[] = [
  [
    "known",
    /already known|already imported|alreadyknown|known transaction|already exists|already in (the )?(mem)?pool/i,
  ],
  [
    "outbid",
    /replacement (transaction|fee)|underpriced.*replace|not sufficient to replace|replacementnotallowed|could not replace/i,
  ],
  ["nonce-used", /nonce (is )?too low|oldnonce|nonce has already been used/i],
  ["unfunded", /insufficient (funds|balance)|insufficientfunds|doesn't have enough funds|upfront cost|overshot/i],
  [
    "fee-too-low",
    /underpriced|fee cap less than|max fee per gas less|feetoolow|less than (the )?block base fee|too low to be included|tip.*too low|gas price below/i,
  ],
  [
    "invalid",
    /invalid (sender|chain|signature)|gas limit|intrinsic gas|exceeds block gas|tx type not supported|rlp|nonce too high/i,
  ],
];

/** Reads a refusal out of a node's words; null when the node has the transaction already, which is as good as taking it. */
export function readRefusal(detail: string, isAnswered: boolean): SendRefusal | null {
  if (!isAnswered) return { kind: "unreachable", detail };
  const [kind = "other"] = MESSAGES.find(([, pattern]) => pattern.test(detail)) ?? [];
  return kind === "known" ? null : { kind, detail };
}
