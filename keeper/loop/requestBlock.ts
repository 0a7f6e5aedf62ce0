import { BOOK_NAMES, type BookAddresses, type BookName } from "../domain/bookSet.ts";
import {
  readAccountProof,
  readProofAnswer,
  verifyContract,
  type BlockFacts,
  type ProvenContract,
} from "../chain/verify/blockFacts.ts";
import { verifyHeader, type Header } from "../chain/verify/header.ts";
import { verifyAccountProof, verifyStorageProof } from "../chain/verify/proof.ts";
import { verifyReceipts } from "../chain/verify/receipts.ts";
import { verifyTransactionList } from "../chain/verify/transactionList.ts";
import { VerificationError } from "../chain/verify/VerificationError.ts";
import { balanceSlot, type TokenSlot } from "../domain/TokenSlot.ts";
import type { Address, Hash } from "../lib/hex.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";

/** A key never sends so many transactions; counting on from any number below it stays exact for ever. */
const MAX_NONCE = 1n << 48n;

/** Proven contracts of one block; null for a contract that does not exist there. */
export type ProvenBooks = Readonly<Record<BookName, ProvenContract | null>>;

/** What a source's answers came to. */
export type Outcome<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  /** The source did not answer, or not with this: ask another one. Says nothing about the chain. */
  | { readonly kind: "missing"; readonly detail: string }
  /** The source answered what does not verify: quarantine. */
  | { readonly kind: "forged"; readonly detail: string }
  /** This version cannot judge the block, or could not read the answer. */
  | { readonly kind: "unsupported"; readonly detail: string };

/** The call for a header by its hash. */
export function headerCalls(hash: Hash): RpcCall[] {
  return [{ method: "eth_getBlockByHash", params: [hash, false] }];
}

/**
 * The calls for the account proofs of the book contracts and of the keeper's own keys, and for the words that say what the vault holds
 * of tokens, pinned to the hash (EIP-1898).
 */
export function proofCalls(
  hash: Hash,
  books: BookAddresses,
  own: readonly Address[],
  tokens: readonly TokenSlot[] = [],
): RpcCall[] {
  const vault = books.CollateralVault;
  const questions = [
    ...[...BOOK_NAMES.map((name) => books[name]), ...own].map((address) => ({ address, slots: [] as Hash[] })),
    ...tokens.map((token) => ({ address: token.token, slots: [balanceSlot(token, vault)] })),
  ];
  return questions.map(({ address, slots }) => ({
    method: "eth_getProof",
    params: [address, slots, { blockHash: hash }],
  }));
}

/** The calls for `count` headers below a height, the highest first. */
export function rangeCalls(number: number, count: number): RpcCall[] {
  return Array.from({ length: count }, (_, index) => {
    return { method: "eth_getBlockByNumber", params: [`0x${(number - 1 - index).toString(16)}`, false] };
  });
}

/** One call where the source has `eth_getBlockReceipts`, else one per transaction. */
export function receiptCalls(hash: Hash, transactions: readonly Hash[], hasBlockReceipts: boolean): RpcCall[] {
  if (hasBlockReceipts) return [{ method: "eth_getBlockReceipts", params: [{ blockHash: hash }] }];
  return transactions.map((transaction) => ({ method: "eth_getTransactionReceipt", params: [transaction] }));
}

/**
 * What is thrown unexpectedly over one source's answer is a bug of this keeper's, and no reason to end it: the others may serve
 * what can be read. It is told as what cannot be judged, hence with an alert and never with a pause.
 */
function judge<Value>(verify: () => Value): Outcome<Value> {
  try {
    return { kind: "ok", value: verify() };
  } catch (error: unknown) {
    if (error instanceof VerificationError) {
      return { kind: error.code.endsWith("Unsupported") ? "unsupported" : "forged", detail: error.message };
    }
    const detail = error instanceof Error ? error.message : "what was thrown is no error";
    return { kind: "unsupported", detail: `it could not be read: ${detail}` };
  }
}

/**
 * The header of a block that was asked for by number, if it is the one with this hash. Null says nothing against the source: the
 * chain may have changed in between.
 */
export function readLinkedHeader(answer: RpcAnswer, hash: Hash): Header | null {
  if (!answer.ok) return null;
  const outcome = judge(() => verifyHeader(answer.value, hash));
  return outcome.kind === "ok" ? outcome.value : null;
}

/** The header of a block, whichever it is; null when it does not hash to what it says of itself. */
export function readServedHeader(value: unknown): Header | null {
  const hash = claimedHash(value);
  return hash === null ? null : readLinkedHeader({ ok: true, value }, hash);
}

/** The hash that a block says of itself, unverified; null where it says none. */
export function claimedHash(value: unknown): Hash | null {
  const hash = typeof value === "object" && value !== null ? (value as { readonly hash?: unknown }).hash : null;
  return typeof hash === "string" ? (hash as Hash) : null;
}

/** Header and transaction hashes of the first answer. A null answer is a block that the source does not have. */
export function readHeader(
  answer: RpcAnswer | undefined,
  hash: Hash,
): Outcome<{ header: Header; transactions: readonly Hash[] }> {
  if (answer === undefined || !answer.ok) return { kind: "missing", detail: answer?.message ?? "no answer" };
  const { value } = answer;
  if (value === null) return { kind: "missing", detail: `it does not have block ${hash}` };
  return judge(() => {
    const header = verifyHeader(value, hash);
    const { transactions } = value as { readonly transactions?: unknown };
    return { header, transactions: verifyTransactionList(transactions, header) };
  });
}

function accountProofOf(value: unknown): readonly Hash[] {
  const proof = readAccountProof(value);
  if (proof !== null) return proof;
  throw new VerificationError("ProofMalformed", "eth_getProof answered something else than a proof");
}

/** Storage roots and code hashes from the account proofs, verified against the header. */
export function readBooks(
  answers: readonly RpcAnswer[],
  header: Header,
  addresses: BookAddresses,
): Outcome<ProvenBooks> {
  const proven: [BookName, ProvenContract | null][] = [];
  for (const [index, name] of BOOK_NAMES.entries()) {
    const outcome = readContract(answers[index], header, addresses[name]);
    if (outcome.kind !== "ok") return outcome;
    proven.push([name, outcome.value]);
  }
  return { kind: "ok", value: Object.fromEntries(proven) as Record<BookName, ProvenContract | null> };
}

/** What a block proves of the keeper's own keys. */
export interface OwnAccounts {
  readonly nonces: ReadonlyMap<Address, number>;
  /** Wei. */
  readonly balances: ReadonlyMap<Address, bigint>;
}

/**
 * Proven nonces and balances of the keeper's own keys; a key that never sent anything may not exist yet. A nonce that no key can have
 * reached, as the state of an invented block may hold it, is left out: nothing can be sent with it.
 */
export function readOwnAccounts(
  answers: readonly RpcAnswer[],
  header: Header,
  own: readonly Address[],
): Outcome<OwnAccounts> {
  const nonces = new Map<Address, number>();
  const balances = new Map<Address, bigint>();
  for (const [index, address] of own.entries()) {
    const answer = answers[index];
    if (answer?.ok !== true) return { kind: "missing", detail: answer?.message ?? "no answer" };
    const outcome = judge(() => {
      const proof = accountProofOf(answer.value);
      return verifyAccountProof({ stateRoot: header.stateRoot, address, proof }) ?? { nonce: 0n, balance: 0n };
    });
    if (outcome.kind !== "ok") return outcome;
    const { nonce, balance } = outcome.value;
    if (nonce < MAX_NONCE) nonces.set(address, Number(nonce));
    balances.set(address, balance);
  }
  return { kind: "ok", value: { nonces, balances } };
}

/** Storage root and code hash of one contract, verified against the header; null for one that is not there yet. */
export function readContract(
  answer: RpcAnswer | undefined,
  header: Header,
  address: Address,
): Outcome<ProvenContract | null> {
  if (answer === undefined || !answer.ok) return { kind: "missing", detail: answer?.message ?? "no answer" };
  return judge(() => verifyContract(header, address, accountProofOf(answer.value)));
}

/** What a token's word says that the vault holds, verified against the header; 0 where the token is not there yet. */
export function readTokenBalance(
  answer: RpcAnswer | undefined,
  header: Header,
  token: TokenSlot,
  vault: Address,
): Outcome<bigint> {
  if (answer === undefined || !answer.ok) return { kind: "missing", detail: answer?.message ?? "no answer" };
  return judge(() => {
    const contract = verifyContract(header, token.token, accountProofOf(answer.value));
    if (contract === null) return 0n;
    const proof = readProofAnswer(answer.value)?.storageProof[0]?.proof ?? [];
    return verifyStorageProof({
      storageRoot: contract.storageRoot,
      slot: balanceSlot(token, vault),
      proof,
      allowsZeroLeaf: true,
    });
  });
}

/** A receipt of another block: the transaction moved in a reorg while it was asked for. No lie, and of no use. */
function isOfAnotherBlock(receipt: unknown, hash: Hash): boolean {
  return typeof receipt === "object" && receipt !== null && (receipt as { blockHash?: unknown }).blockHash !== hash;
}

/** All logs of the block, verified against the receipts root. */
export function readReceipts(answers: readonly RpcAnswer[], header: Header, isBlock: boolean): Outcome<BlockFacts> {
  const missing = answers.find((answer) => !answer.ok || answer.value === null);
  if (missing !== undefined) {
    return { kind: "missing", detail: missing.ok ? "it does not have the receipts" : missing.message };
  }
  const values = answers.map((answer) => (answer.ok ? answer.value : null));
  if (!isBlock && values.some((receipt) => isOfAnotherBlock(receipt, header.hash))) {
    return { kind: "missing", detail: "a transaction of the block has moved to another block" };
  }
  const receipts = isBlock ? values[0] : values;
  return judge(() => ({ header, logs: verifyReceipts(receipts, header.receiptsRoot) }));
}
