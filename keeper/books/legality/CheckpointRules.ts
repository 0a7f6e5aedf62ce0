import type {
  CheckpointPostedEvent,
  CheckpointProvenEvent,
  CheckpointRegistryEvent,
  RewardPaidEvent,
} from "../generated/CheckpointRegistry.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { bookSetAt } from "../reducers/checkpoints/bookSet.ts";
import { CHECKPOINT_STATUS, indexOf, metaAt, readCursor } from "../reducers/checkpoints/ring.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { isRecent } from "./GuardRules.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

type Illegal = (detail: string) => void;

/**
 * Checkpoints: of recent blocks in ascending order, by the current keeper set, with the roots of the books valid there;
 * proven once; paid once, to who carried it, out of the fund.
 *
 * The signatures of a quorum, and the proofs of roots, are in calldata that no log carries.
 */
export class CheckpointRules implements Rule {
  readonly #context: LegalityContext;
  /** Receivers of releases in this transaction that no reward has named yet. */
  readonly #released: EntryPostedEvent[] = [];

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (event.name === "EntryPosted" && (event as EntryPostedEvent).kind === ENTRY_KIND.release) {
      this.#released.push(event as EntryPostedEvent);
    }
    if (book !== "CheckpointRegistry") return;
    const illegal = (detail: string): void => {
      this.#context.illegal("CheckpointRegistry", logIndex, detail);
    };
    const said = event as CheckpointRegistryEvent;
    const earlier = this.#context.asOf(before);
    if (said.name === "CheckpointPosted") checkPost(said, earlier, illegal);
    else if (said.name === "CheckpointProven") checkProof(said, earlier, illegal);
    else if (said.name === "RewardPaid") this.#checkReward(said, earlier, illegal);
  }

  end(): void {
    // Every event is judged by itself.
  }

  #checkReward({ blockNumber, to, amount }: RewardPaidEvent, earlier: LegalityContext, illegal: Illegal): void {
    const meta = metaOf(blockNumber, earlier);
    const isValid = meta?.status === CHECKPOINT_STATUS.posted || meta?.status === CHECKPOINT_STATUS.proven;
    if (!isValid || meta.isPaid || amount === 0n) illegal(`block ${blockNumber}: a reward that is not due`);
    const index = this.#released.findIndex(({ account, quoteDelta }) => account === to && quoteDelta === amount);
    if (index < 0) illegal(`block ${blockNumber}: a reward that the fund did not pay`);
    else this.#released.splice(index, 1);
  }
}

function metaOf(blockNumber: bigint, context: LegalityContext) {
  const read = (slot: `0x${string}`): bigint => context.readOf("CheckpointRegistry", slot);
  const index = indexOf(blockNumber, read);
  return index === undefined ? null : metaAt(index, read);
}

function checkPost(event: CheckpointPostedEvent, earlier: LegalityContext, illegal: Illegal): void {
  const { blockNumber, setId, roots } = event;
  const read = (slot: `0x${string}`): bigint => earlier.readOf("CheckpointRegistry", slot);
  const cursor = readCursor(read);
  if (!isRecent(blockNumber, earlier)) illegal(`a checkpoint of block ${blockNumber}, not one of the last 256`);
  if (blockNumber <= cursor.highest) illegal(`a checkpoint of block ${blockNumber}, not after ${cursor.highest}`);
  if (setId !== cursor.setId || setId === 0n) illegal(`a checkpoint by the keeper set ${setId}, it is ${cursor.setId}`);
  const { version, contracts } = bookSetAt(blockNumber, read);
  const isItsSet = event.bookSetVersion === version && roots.length === contracts.length && version !== 0n;
  if (!isItsSet) illegal(`a checkpoint of ${roots.length} roots of book set ${event.bookSetVersion}, not ${version}`);
  if (BigInt(event.blockHash) === 0n || roots.some((root) => BigInt(root) === 0n)) illegal("a checkpoint of nothing");
}

function checkProof({ blockNumber }: CheckpointProvenEvent, earlier: LegalityContext, illegal: Illegal): void {
  if (metaOf(blockNumber, earlier)?.status === CHECKPOINT_STATUS.posted) return;
  illegal(`a checkpoint of block ${blockNumber} is proven that was not posted`);
}
