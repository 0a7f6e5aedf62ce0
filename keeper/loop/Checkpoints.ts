import { encodePost } from "../actions/plan/calls.ts";
import { bookSetAt } from "../books/reducers/checkpoints/bookSet.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { booksRoot } from "../domain/booksRoot.ts";
import { roundBlock } from "../domain/rounds.ts";
import type { Statement } from "../domain/Statement.ts";
import type { Address, Hash } from "../lib/hex.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";
import type { QuorumContext } from "./quorum/QuorumContext.ts";
import type { QuorumView } from "./quorum/QuorumView.ts";
import type { Errand } from "./quorum/Carrier.ts";
import { quorumOn } from "./quorum/StatementBook.ts";

type AttestationStatement = Extract<Statement, { kind: "attestation" }>;

const GAS_LIMIT = 1_000_000n;
/** A checkpoint of an older block is not carried: the registry may refuse it, and a newer round has begun. */
const MAX_AGE_BLOCKS = 56;

/**
 * Signs the blocks of the rounds that are InSync, and carries what a quorum signed.
 *
 * Never two roots for one block hash: what was signed is in the journal before it is signed, and is never signed differently.
 * And never again below what may have been signed before this run began, which the journal may have lost.
 */
export class Checkpoints {
  readonly #context: QuorumContext;
  /** No block up to here is signed; null until k operators stand behind a block that is InSync. */
  #floor: number | null = null;
  /** Newest block that this key is known to have signed before this run. */
  #signedBefore: number;
  /** The newest block for which there was nothing to sign. */
  #idleAt: Hash | null = null;

  constructor(context: QuorumContext) {
    this.#context = context;
    this.#signedBefore = context.options.newestSigned ?? -1;
  }

  /** What may have been signed elsewhere: as at a start, only blocks above the head that is agreed next are signed. */
  restart(): void {
    this.#floor = null;
  }

  /** This key signed a block in a run that this one does not remember. */
  noteSignedBefore(blockNumber: number): void {
    this.#signedBefore = Math.max(this.#signedBefore, blockNumber);
  }

  /**
   * The attestation that is to be signed when `newest` is in sync; null when there is none.
   *
   * @param newest block behind which k operators stand, and against which nothing stands
   */
  due(newest: FetchedBlock): AttestationStatement | null {
    const { options } = this.#context;
    if (options.attester === null || newest.header === null) return null;
    this.#floor ??= newest.header.number;
    if (this.#idleAt === newest.hash) return null;
    const statement = this.#dueAt(newest, options.attester);
    this.#idleAt = statement === null ? newest.hash : null;
    return statement;
  }

  /** Signs what is due, once for each newest block: a signer that fails is asked again at the next one. */
  start(newest: FetchedBlock, statement: AttestationStatement): void {
    this.#idleAt = newest.hash;
    this.#context.signing.sign(statement);
  }

  #dueAt(newest: FetchedBlock, attester: Address): AttestationStatement | null {
    const { judge, follower, books, options, signing } = this.#context;
    const view = this.#context.view();
    if (view === null || !view.set.members.includes(attester)) return null;
    const top = follower.below(newest, options.chain.checkpointDepth);
    const block = top === null ? null : this.#roundBlock(top, view);
    const roots = block === null ? null : judge.rootsOf(block.hash);
    const number = block?.header?.number ?? -1;
    if (block === null || roots === null || number <= Math.max(this.#floor ?? 0, this.#signedBefore)) return null;
    const { version, contracts } = bookSetAt(BigInt(number), (slot) => books.read("CheckpointRegistry", slot));
    // The roots that the books prove are to be those of the book set that is valid at the block.
    if (contracts.join() !== BOOK_NAMES.map((name) => options.addresses[name]).join()) return null;
    const attestation = {
      ...{ setId: view.set.id, bookSetVersion: version, blockNumber: BigInt(number) },
      ...{ blockHash: block.hash, booksRoot: booksRoot(roots) },
    };
    const statement = { kind: "attestation", attestation, roots } as const;
    return signing.has(signing.digestOf(statement)) ? null : statement;
  }

  #roundBlock(top: FetchedBlock, view: QuorumView): FetchedBlock | null {
    const { follower, options } = this.#context;
    const highestBlock = top.header?.number ?? 0;
    const at = (number: number): FetchedBlock | null => follower.below(top, highestBlock - number);
    const { highest, posts } = view.cursor;
    const number = roundBlock({
      top: highestBlock,
      highest: Number(highest),
      dueAt: posts === 0n ? -Infinity : view.checkpointTime + options.policy.checkpointIntervalSeconds,
      timestampAt: (wanted) => at(wanted)?.header?.timestamp ?? null,
    });
    return number === null ? null : at(number);
  }

  /** Whether a round is open: signatures are awaited, or their checkpoint's way onto the chain. */
  isOpen(view: QuorumView): boolean {
    return this.#open(view).length > 0;
  }

  /** What is to be carried now, if it is this keeper's turn: the newest round that a quorum signed. */
  errand(view: QuorumView): Errand | null {
    const { options, rotation } = this.#context;
    const signed = this.#open(view).flatMap((tally) => {
      const signatures = quorumOn(tally, view.set);
      return signatures === null ? [] : [{ ...tally, signatures }];
    });
    const [newest] = signed.sort((one, other) => numberOf(other.statement) - numberOf(one.statement));
    if (newest === undefined) return null;
    const { digest, statement, signatures } = newest;
    if (!rotation.isMine(digest, view.set.members, options.attester, view.tip.number)) return null;
    const { attestation, roots } = statement;
    return {
      id: digest,
      purpose: "checkpoint",
      to: options.addresses.CheckpointRegistry,
      data: encodePost({ attestation, roots, set: view.set, signatures }),
      gasLimit: GAS_LIMIT,
      block: { number: Number(attestation.blockNumber), hash: attestation.blockHash },
    };
  }

  /** Attestations of the current set, of blocks of the followed branch whose roots are the books', that are not on chain. */
  #open({ cursor, set, tip }: QuorumView) {
    const { book, judge } = this.#context;
    return book.all("attestation").filter(({ statement: { attestation } }) => {
      const { blockNumber, blockHash, setId } = attestation;
      const isTimely = blockNumber > cursor.highest && tip.number - Number(blockNumber) < MAX_AGE_BLOCKS;
      if (!isTimely || setId !== set.id) return false;
      const roots = judge.rootsOf(blockHash);
      return roots !== null && booksRoot(roots) === attestation.booksRoot;
    });
  }
}

function numberOf({ attestation }: AttestationStatement): number {
  return Number(attestation.blockNumber);
}
