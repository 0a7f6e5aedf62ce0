import type { Header } from "../chain/verify/header.ts";
import { BOOK_NAMES, type BookAddresses } from "../domain/bookSet.ts";
import type { TokenSlot } from "../domain/TokenSlot.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { keepProven, openRequests, type FetchedBlock } from "./FetchedBlock.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";
import { readProofs, type ReadProofs } from "./readProofs.ts";
import { proofCalls, type Outcome } from "./requestBlock.ts";

/** What is asked to be proven of each block, all in one batch: the book contracts, the keeper's own keys and the declared tokens. */
export class ProofBatch {
  readonly #addresses: BookAddresses;
  readonly #own: readonly Address[];
  readonly #tokens: readonly TokenSlot[];

  constructor({ addresses, pauser, poster, tokenSlots = [] }: KeeperOptions) {
    this.#addresses = addresses;
    this.#own = [...new Set([pauser, poster].filter((address) => address !== null))];
    this.#tokens = tokenSlots;
  }

  /** How many calls there are. */
  get size(): number {
    return BOOK_NAMES.length + this.#own.length + this.#tokens.length;
  }

  calls(hash: Hash): RpcCall[] {
    return proofCalls(hash, this.#addresses, this.#own, this.#tokens);
  }

  /** Reads one source's answers; see {@link readProofs}. */
  read(answers: readonly RpcAnswer[], kept: Map<number, RpcAnswer>, header: Header): Outcome<ReadProofs> {
    return this.#read(answers, kept, header, this.#tokens);
  }

  /**
   * A token that nobody can prove, where the rest was proven, keeps no block back for longer than one without proofs: what the vault
   * holds of it is then not known. Whoever holds a token's proof back alone reaches nothing: every other source is asked first.
   */
  settleWithoutTokens(block: FetchedBlock, sources: readonly string[]): void {
    const { header, proven, keptProofs, tried } = block;
    if (this.#tokens.length === 0 || header === null || proven !== null || keptProofs.size === 0) return;
    const [last] = sources.filter((source) => tried.proofs.has(source)).slice(-1);
    if (last === undefined || openRequests(block, "proofs").length > 0) return;
    if (!sources.every((source) => tried.proofs.has(source))) return;
    const outcome = this.#read([], keptProofs, header, []);
    if (outcome.kind === "ok") keepProven(block, outcome.value, last);
  }

  #read(
    answers: readonly RpcAnswer[],
    kept: Map<number, RpcAnswer>,
    header: Header,
    tokens: readonly TokenSlot[],
  ): Outcome<ReadProofs> {
    return readProofs(answers, kept, { header, addresses: this.#addresses, own: this.#own, tokens });
  }
}
