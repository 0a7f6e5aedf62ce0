import type { Attestation } from "../actions/plan/Attestation.ts";
import { encodePost } from "../actions/plan/calls.ts";
import { feesFor } from "../actions/plan/fees.ts";
import type { BookBlock, Books } from "../books/Books.ts";
import { storage as registry } from "../books/generated/CheckpointRegistry.ts";
import { storage as ledger } from "../books/generated/PositionLedger.ts";
import { bookSetAt, type BookSet } from "../books/reducers/checkpoints/bookSet.ts";
import { readKeeperSet } from "../books/reducers/keepers/members.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { booksRoot } from "../domain/booksRoot.ts";
import type { KeeperSet } from "../domain/keeperSet.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import type { Accounts } from "./Accounts.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { Input } from "./ports.ts";

interface Posting {
  readonly attestation: Attestation;
  readonly roots: readonly Hash[];
  readonly set: KeeperSet;
  readonly baseFeePerGas: bigint;
  readonly startedAt: number;
  awaited: { readonly id: number; readonly step: "journal" | "attest" | "sign" } | null;
}

const GAS_LIMIT = 1_000_000n;
/** A posting that is not on chain after so many blocks is given up; the next InSync block starts another. */
const PATIENCE_BLOCKS = 8;

/**
 * Signs and posts checkpoints of blocks that are InSync.
 *
 * Never two roots for one block hash: what was signed is in the journal before it is signed, and is never signed
 * differently.
 */
export class Checkpoints {
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #outbox: Outbox;
  readonly #accounts: Accounts;
  readonly #signed: Map<Hash, Hash>;
  #posting: Posting | null = null;
  /** Postings given up since the last one that was included. */
  #lost = 0;

  constructor(options: KeeperOptions, books: Books, outbox: Outbox, accounts: Accounts) {
    this.#options = options;
    this.#books = books;
    this.#outbox = outbox;
    this.#accounts = accounts;
    this.#signed = new Map(options.signedRoots);
  }

  /** Whether a checkpoint of `tip` should be posted now. */
  isDue(tip: BookBlock): boolean {
    const { attester, poster, policy } = this.#options;
    if (attester === null || poster === null) return false;
    if (this.#posting !== null && tip.number < this.#posting.startedAt + PATIENCE_BLOCKS) return false;
    if (this.#posting !== null) this.#giveUp();
    if (this.#accounts.countOf(poster) === null) return false;
    const cursor = registry.cursor.decode(this.#books.read("CheckpointRegistry", registry.cursor.slot));
    if (BigInt(tip.number) <= cursor.highest) return false;
    // A quorum of one: this keeper's signature is enough. More signatures need the exchange between keepers.
    const { quorum, members } = this.#keeperSet();
    if (quorum !== 1n || !members.includes(attester) || !this.#isItsBookSet(tip)) return false;
    const hot = ledger.hot.decode(this.#books.read("PositionLedger", ledger.hot.slot));
    const age = BigInt(tip.timestamp) - hot.checkpointTime;
    return cursor.posts === 0n || age >= BigInt(policy.checkpointIntervalSeconds);
  }

  /** Starts a checkpoint of `tip`, whose roots the books and the chain agree on. */
  start(tip: BookBlock, roots: readonly Hash[], baseFeePerGas: bigint): void {
    const root = booksRoot(roots);
    const before = this.#signed.get(tip.hash);
    if (before !== undefined && before !== root) {
      const detail = `block ${tip.hash} was signed with ${before}, now the books have ${root}`;
      this.#outbox.emit({ type: "alert", level: "critical", event: "second-root-refused", detail });
      return;
    }
    const set = this.#keeperSet();
    const { version } = this.#bookSetAt(tip);
    const attestation = {
      setId: set.id,
      bookSetVersion: version,
      blockNumber: BigInt(tip.number),
      blockHash: tip.hash,
      booksRoot: root,
    };
    this.#signed.set(tip.hash, root);
    const id = this.#outbox.newId();
    const awaited = { id, step: "journal" } as const;
    this.#posting = { attestation, roots, set, baseFeePerGas, startedAt: tip.number, awaited };
    const body = { chainId: this.#options.chainId, blockHash: tip.hash, booksRoot: root };
    this.#outbox.emit({ type: "journal", id, kind: "signature", body });
  }

  /** The signature's record is durable: sign. False when the id is somebody else's. */
  journalled({ id }: Extract<Input, { type: "journalled" }>): boolean {
    const posting = this.#posting;
    if (posting?.awaited?.id !== id) return false;
    const next = this.#outbox.newId();
    posting.awaited = { id: next, step: "attest" };
    this.#outbox.emit({ type: "sign-attestation", id: next, attestation: posting.attestation });
    return true;
  }

  /** An attestation or a transaction was signed. False when the id is somebody else's. */
  signed({ id, raw, hash }: Extract<Input, { type: "signed" }>): boolean {
    const posting = this.#posting;
    if (posting?.awaited?.id !== id) return false;
    if (posting.awaited.step === "attest") {
      this.#prepare(posting, raw);
      return true;
    }
    posting.awaited = null;
    const { blockNumber, blockHash } = posting.attestation;
    this.#outbox.emit({ type: "broadcast", purpose: "checkpoint", raw, hash });
    this.#outbox.emit({ type: "checkpoint", blockNumber: Number(blockNumber), blockHash, transaction: hash });
    return true;
  }

  /** The block was orphaned: its checkpoint can never be posted. */
  forget(blockHash: Hash): void {
    if (this.#posting?.attestation.blockHash === blockHash) this.#giveUp();
  }

  /** Frees the way for the next one as soon as the posting is proven in the books. */
  settle(): void {
    if (this.#posting === null) return;
    const cursor = registry.cursor.decode(this.#books.read("CheckpointRegistry", registry.cursor.slot));
    if (cursor.highest < this.#posting.attestation.blockNumber) return;
    this.#posting = null;
    this.#lost = 0;
  }

  /** Whether the roots that the books prove are those of the book set that is valid at the block. */
  #isItsBookSet(tip: BookBlock): boolean {
    const { contracts } = this.#bookSetAt(tip);
    return contracts.join() === BOOK_NAMES.map((name) => this.#options.addresses[name]).join();
  }

  #bookSetAt(tip: BookBlock): BookSet {
    return bookSetAt(BigInt(tip.number), (slot) => this.#books.read("CheckpointRegistry", slot));
  }

  /** The members whose signatures count, by the books. */
  #keeperSet(): KeeperSet {
    return readKeeperSet((slot) => this.#books.read("KeeperRegistry", slot), this.#options.immutables.minKeepers);
  }

  /** Its transaction may wait in a node or be gone: the next one takes its nonce and pays more. */
  #giveUp(): void {
    this.#posting = null;
    this.#lost += 1;
    if (this.#options.poster !== null) this.#accounts.forget(this.#options.poster);
  }

  #prepare(posting: Posting, signature: Hex): void {
    const { poster, addresses, chainId, maxFeePerGas } = this.#options;
    const nonce = poster === null ? null : this.#accounts.takeNonce(poster);
    if (nonce === null) {
      this.#posting = null;
      return;
    }
    const id = this.#outbox.newId();
    posting.awaited = { id, step: "sign" };
    this.#outbox.emit({
      type: "sign-transaction",
      id,
      key: "post",
      request: {
        chainId,
        to: addresses.CheckpointRegistry,
        data: encodePost({ ...posting, signatures: [signature] }),
        nonce,
        gasLimit: GAS_LIMIT,
        ...feesFor(posting.baseFeePerGas, this.#lost, maxFeePerGas),
      },
    });
  }
}
