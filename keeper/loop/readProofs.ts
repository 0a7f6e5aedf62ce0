import { readAccountProof } from "../chain/verify/blockFacts.ts";
import type { Header } from "../chain/verify/header.ts";
import { BOOK_NAMES, type BookAddresses } from "../domain/bookSet.ts";
import type { Address } from "../lib/hex.ts";
import type { RpcAnswer } from "./ports.ts";
import {
  readBooks,
  readContract,
  readOwnAccounts,
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
}

/** Everything that the account proofs of a block say. */
export interface ReadProofs {
  readonly books: ProvenBooks;
  readonly accounts: OwnAccounts;
  /** The answers that say it, of one source or of several, without what stands beside the account proofs. */
  readonly answers: readonly unknown[];
}

/**
 * Reads one source's account proofs, in the order of the book set and then of the keeper's own keys. A batch may come back
 * with holes: what verifies is kept, and fills the holes of the next one, whoever answers that.
 *
 * @param kept answers that verified before, by their place and bare of all else; this call adds to them
 */
export function readProofs(
  answers: readonly RpcAnswer[],
  kept: Map<number, RpcAnswer>,
  question: ProofQuestion,
): Outcome<ReadProofs> {
  const { header, addresses, own } = question;
  const all = Array.from({ length: BOOK_NAMES.length + own.length }, (_, place) => kept.get(place) ?? answers[place]);
  const filled = all.map((answer): RpcAnswer => answer ?? { ok: false, code: "NoAnswer", message: "no answer" });
  const books = readBooks(filled.slice(0, BOOK_NAMES.length), header, addresses);
  const accounts = readOwnAccounts(filled.slice(BOOK_NAMES.length), header, own);
  if (books.kind === "ok" && accounts.kind === "ok") {
    const answers = filled.map((answer, place) => (answer.ok ? bare(answer.value, addressAt(place, question)) : null));
    return { kind: "ok", value: { books: books.value, accounts: accounts.value, answers } };
  }
  const forged = keepProofs(filled, kept, question);
  if (forged !== null) return forged;
  return books.kind === "ok" ? (accounts as Exclude<typeof accounts, { kind: "ok" }>) : books;
}

function addressAt(place: number, { addresses, own }: ProofQuestion): Address | undefined {
  const name = BOOK_NAMES[place];
  return name === undefined ? own[place - BOOK_NAMES.length] : addresses[name];
}

/** A verified answer as it may be kept: what a source adds to it, however much, is not. No slots were asked for. */
function bare(value: unknown, address: Address | undefined): unknown {
  return { address, accountProof: readAccountProof(value), storageProof: [] };
}

/** Keeps each answer that verifies by itself; returns the first that is forged. */
function keepProofs(
  answers: readonly RpcAnswer[],
  kept: Map<number, RpcAnswer>,
  question: ProofQuestion,
): Extract<Outcome<never>, { kind: "forged" }> | null {
  const { header, addresses, own } = question;
  const contracts = BOOK_NAMES.map((name) => addresses[name]);
  for (const [place, answer] of answers.entries()) {
    if (kept.has(place) || !answer.ok) continue;
    const contract = contracts[place];
    const key = own[place - contracts.length];
    const outcome =
      contract === undefined
        ? readOwnAccounts([answer], header, key === undefined ? [] : [key])
        : readContract(answer, header, contract);
    const isProof = outcome.kind === "ok";
    if (isProof) kept.set(place, { ok: true, value: bare(answer.value, addressAt(place, question)) });
    else if (outcome.kind === "forged") return outcome;
  }
  return null;
}
