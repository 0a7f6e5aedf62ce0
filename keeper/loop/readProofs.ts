import { readAccountProof, readProofAnswer } from "../chain/verify/blockFacts.ts";
import type { Header } from "../chain/verify/header.ts";
import { BOOK_NAMES, type BookAddresses } from "../domain/bookSet.ts";
import type { TokenSlot } from "../domain/TokenSlot.ts";
import type { Address } from "../lib/hex.ts";
import type { RpcAnswer } from "./ports.ts";
import {
  readBooks,
  readContract,
  readOwnAccounts,
  readTokenBalance,
  type OwnAccounts,
  type Outcome,
  type ProvenBooks,
} from "./requestBlock.ts";

/** What the account proofs of a block are read with. */
export interface ProofQuestion {
  readonly header: Header;
  readonly addresses: BookAddresses;
  /** The keeper's own keys. */
  readonly own: readonly Address[];
  /** Tokens of which the vault's balance is proven. */
  readonly tokens: readonly TokenSlot[];
}

/** Everything that the account proofs of a block say. */
export interface ReadProofs {
  readonly books: ProvenBooks;
  readonly accounts: OwnAccounts;
  /** What the vault holds of tokens, by their own words. */
  readonly custody: ReadonlyMap<Address, bigint>;
  /** The answers that say it, of one source or of several, without what stands beside the account proofs. */
  readonly answers: readonly unknown[];
}

/**
 * Reads one source's account proofs, in the order of the book set, then of the keeper's own keys and then of tokens. A batch may come
 * back with holes: what verifies is kept, and fills the holes of the next one, whoever answers that.
 *
 * @param kept answers that verified before, by their place and bare of all else; this call adds to them
 */
export function readProofs(
  answers: readonly RpcAnswer[],
  kept: Map<number, RpcAnswer>,
  question: ProofQuestion,
): Outcome<ReadProofs> {
  const { header, addresses, own } = question;
  const all = Array.from(
    { length: BOOK_NAMES.length + own.length + question.tokens.length },
    (_, place) => kept.get(place) ?? answers[place],
  );
  const filled = all.map((answer): RpcAnswer => answer ?? { ok: false, code: "NoAnswer", message: "no answer" });
  const ownEnd = BOOK_NAMES.length + own.length;
  const books = readBooks(filled.slice(0, BOOK_NAMES.length), header, addresses);
  const accounts = readOwnAccounts(filled.slice(BOOK_NAMES.length, ownEnd), header, own);
  const custody = readCustody(filled.slice(ownEnd), question);
  if (books.kind === "ok" && accounts.kind === "ok" && custody.kind === "ok") {
    const proofs = filled.map((answer, place) => (answer.ok ? bare(answer.value, place, question) : null));
    return {
      kind: "ok",
      value: { books: books.value, accounts: accounts.value, custody: custody.value, answers: proofs },
    };
  }
  const forged = keepProofs(filled, kept, question);
  if (forged !== null) return forged;
  return [books, accounts, custody].find(({ kind }) => kind !== "ok") as Exclude<typeof books, { kind: "ok" }>;
}

/** What the vault holds of each token. */
function readCustody(
  answers: readonly RpcAnswer[],
  { header, addresses, tokens }: ProofQuestion,
): Outcome<ReadonlyMap<Address, bigint>> {
  const custody = new Map<Address, bigint>();
  for (const [index, token] of tokens.entries()) {
    const outcome = readTokenBalance(answers[index], header, token, addresses.CollateralVault);
    if (outcome.kind !== "ok") return outcome;
    custody.set(token.token, outcome.value);
  }
  return { kind: "ok", value: custody };
}

function addressAt(place: number, { addresses, own, tokens }: ProofQuestion): Address | undefined {
  const name = BOOK_NAMES[place];
  if (name !== undefined) return addresses[name];
  return own[place - BOOK_NAMES.length] ?? tokens[place - BOOK_NAMES.length - own.length]?.token;
}

/** A verified answer as it may be kept: what a source adds to it, however much, is not. Only of tokens slots were asked for. */
function bare(value: unknown, place: number, question: ProofQuestion): unknown {
  const isToken = place >= BOOK_NAMES.length + question.own.length;
  const proof = isToken ? readProofAnswer(value)?.storageProof[0]?.proof : undefined;
  const storageProof = proof === undefined ? [] : [{ proof }];
  return { address: addressAt(place, question), accountProof: readAccountProof(value), storageProof };
}

/** What one answer by itself comes to. */
function readPlace(
  answer: RpcAnswer,
  place: number,
  { header, addresses, own, tokens }: ProofQuestion,
): Outcome<unknown> {
  const name = BOOK_NAMES[place];
  if (name !== undefined) return readContract(answer, header, addresses[name]);
  const key = own[place - BOOK_NAMES.length];
  if (key !== undefined) return readOwnAccounts([answer], header, [key]);
  const token = tokens[place - BOOK_NAMES.length - own.length];
  return token === undefined
    ? { kind: "missing", detail: "nothing was asked there" }
    : readTokenBalance(answer, header, token, addresses.CollateralVault);
}

/** Keeps each answer that verifies by itself; returns the first that is forged. */
function keepProofs(
  answers: readonly RpcAnswer[],
  kept: Map<number, RpcAnswer>,
  question: ProofQuestion,
): Extract<Outcome<never>, { kind: "forged" }> | null {
  for (const [place, answer] of answers.entries()) {
    if (kept.has(place) || !answer.ok) continue;
    const outcome = readPlace(answer, place, question);
    if (outcome.kind === "ok") kept.set(place, { ok: true, value: bare(answer.value, place, question) });
    else if (outcome.kind === "forged") return outcome;
  }
  return null;
}
