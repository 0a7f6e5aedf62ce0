import { encodeResume } from "../../actions/plan/encodeQuorumCalls.ts";
import { digestAt, metaAt, newestFirst, CHECKPOINT_STATUS, type Read } from "../../books/reducers/checkpoints/ring.ts";
import { booksRoot } from "../../domain/booksRoot.ts";
import type { CoreOrder } from "../../domain/Order.ts";
import type { ResumeCertificate } from "../../domain/ResumeCertificate.ts";
import { bigintToHex32, type Hash } from "../../lib/hex.ts";
import type { Opinion } from "../Decider.ts";
import type { Errand } from "./Carrier.ts";
import type { QuorumContext } from "./QuorumContext.ts";
import type { QuorumView } from "./QuorumView.ts";
import { quorumOn } from "./StatementBook.ts";

type Order = Extract<CoreOrder, { kind: "sign-resume" }>;

/** A certificate to be signed, or why there is none. */
type Outcome =
  { readonly ok: true; readonly certificate: ResumeCertificate } | { readonly ok: false; readonly detail: string };

const GAS_LIMIT = 1_000_000n;

/**
 * The way back: signs a resume certificate when an operator orders it and everything that speaks for it is proven, and carries what
 * a quorum signed once the gate's other conditions hold. Without an order nothing is ever signed.
 *
 * The fields follow from the chain: the guard's cause, the current set, the pause nonce, and the oldest valid checkpoint of a block
 * after the pause and the last repair, so that operators who give their orders hours apart sign the same bytes.
 */
export class Resumes {
  readonly #context: QuorumContext;
  #hadConsensusFault: boolean;
  /** What the newest certificate that could be carried waits for, as it was told. */
  #told: string | null = null;

  constructor(context: QuorumContext) {
    this.#context = context;
    this.#hadConsensusFault = context.options.hadConsensusFault === true;
  }

  /** Whether a fault was found in a run that this one does not remember. */
  noteConsensusFault(had: boolean): void {
    this.#hadConsensusFault = had;
  }

  isOpen(): boolean {
    return this.#context.book.all("resume").length > 0;
  }

  /** Carries out an order, or says why not. */
  order(id: string, order: Order, view: QuorumView | null, opinion: Opinion | null): void {
    const { signing, outbox } = this.#context;
    const outcome = this.#certificate(view, opinion, order.afterConsensusFault === true);
    if (!outcome.ok) {
      outbox.emit({ type: "order-done", id, ok: false, detail: outcome.detail });
      return;
    }
    const { certificate } = outcome;
    signing.sign({ kind: "resume", certificate });
    const { incidentId, pauseNonce, checkpointNumber } = certificate;
    const detail = `signs to resume after incident ${incidentId}, pause nonce ${pauseNonce}, on the checkpoint of block ${checkpointNumber}`;
    outbox.emit({ type: "order-done", id, ok: true, detail });
  }

  /** What is to be carried now, if it is this keeper's turn. */
  errand(view: QuorumView, opinion: Opinion | null): Errand | null {
    const { book, options, rotation } = this.#context;
    const waitsFor = this.#waitFor(view);
    if (waitsFor === null) this.#told = null;
    if (!view.stands || view.isWoundDown || opinion?.verdict.kind !== "InSync") return null;
    for (const tally of book.all("resume")) {
      const { digest, statement } = tally;
      const { certificate } = statement;
      const signatures = quorumOn(tally, view.set);
      const isCurrent = certificate.setId === view.set.id && certificate.pauseNonce === view.incident.nonce;
      if (signatures === null || !isCurrent || this.#isFalse(certificate)) continue;
      if (waitsFor !== null) return this.#tell(waitsFor);
      if (!rotation.isMine(digest, view.set.members, options.attester, view.tip.number)) return null;
      return {
        id: digest,
        purpose: "resume",
        to: options.addresses.SyncGuard,
        data: encodeResume({ certificate, set: view.set, signatures }),
        gasLimit: GAS_LIMIT,
      };
    }
    return null;
  }

  #certificate(view: QuorumView | null, opinion: Opinion | null, afterConsensusFault: boolean): Outcome {
    const refusal = view === null ? "the books hold no block yet" : this.#refusal(view, opinion, afterConsensusFault);
    if (view === null || refusal !== null) return { ok: false, detail: refusal ?? "the books hold no block yet" };
    const after = this.#resumableAfter(view);
    const checkpoint = this.#oldestAfter(after);
    if (checkpoint === null) {
      const detail = `no valid checkpoint of a block after ${after}, where the pause and the last repair are: the newest is of block ${view.cursor.newest}`;
      return { ok: false, detail };
    }
    // A soft pause's incident is not kept by the guard, nor looked at: its nonce names it.
    const incidentId = view.isHard ? view.cause : bigintToHex32(view.incident.nonce);
    const certificate = { incidentId, setId: view.set.id, pauseNonce: view.incident.nonce, ...checkpoint };
    if (this.#contradicts(checkpoint)) {
      const detail = `the checkpoint of block ${checkpoint.checkpointNumber} does not have this keeper's roots: it is to be convicted first`;
      return { ok: false, detail };
    }
    return { ok: true, certificate };
  }

  #refusal(view: QuorumView, opinion: Opinion | null, afterConsensusFault: boolean): string | null {
    const { options, judge, follower } = this.#context;
    const { attester, policy } = options;
    if (policy.mode !== "act") return `the keeper's mode is ${policy.mode}: only act signs`;
    if (attester === null) return "no attest key is configured";
    if (!view.set.members.includes(attester)) return `${attester} is no member of keeper set ${view.set.id}`;
    if (view.isWoundDown) return "the wind-down has begun: it has no way back";
    if (!view.stands) return "nothing is paused";
    if (judge.hasOwnFault) return "this keeper's own books are at fault: rebuild them first";
    const [finding] = judge.latched;
    if (finding !== undefined) {
      const { contract, cause, blockNumber } = finding;
      return `still diverged: ${contract}: ${cause} in block ${blockNumber}; it is to be repaired or accepted on chain first`;
    }
    const fault = follower.agreement.consensusFault ?? (this.#hadConsensusFault ? "before this start" : null);
    if (fault !== null && !afterConsensusFault)
      return `a consensus fault stands (${fault}): order it after the consensus fault`;
    if (opinion?.verdict.kind !== "InSync")
      return `the newest verdict is ${opinion?.verdict.kind ?? "none"}, not InSync`;
    if (!opinion.allowed.resume) return "the sources do not agree well enough to resume: see the conditions that hold";
    if (!opinion.isLevel) return "the books have not reached the newest heads yet";
    return null;
  }

  /** The block after which a checkpoint lets the guard resume: that of the pause, and of the last repair. */
  #resumableAfter({ incident, halt, isHard }: QuorumView): bigint {
    if (!isHard) return incident.softBlock;
    return [halt.haltBlock, halt.repairBlock].reduce(
      (most, block) => (block > most ? block : most),
      incident.softBlock,
    );
  }

  #oldestAfter(after: bigint): Pick<ResumeCertificate, "checkpointNumber" | "checkpointDigest"> | null {
    const read = this.#read;
    for (const index of newestFirst(read).reverse()) {
      const { blockNumber, status } = metaAt(index, read);
      if (blockNumber <= after || status === CHECKPOINT_STATUS.convicted) continue;
      return { checkpointNumber: blockNumber, checkpointDigest: digestAt(index, read) };
    }
    return null;
  }

  /** Whether a checkpoint whose block is still remembered is of other roots; of an older one its quorum answers for it. */
  #contradicts({
    checkpointNumber,
    checkpointDigest,
  }: Pick<ResumeCertificate, "checkpointNumber" | "checkpointDigest">) {
    const { book, judge } = this.#context;
    const known = book.get(checkpointDigest);
    if (known?.statement.kind !== "attestation") return false;
    const { attestation } = known.statement;
    const roots = judge.rootsOf(attestation.blockHash);
    return (
      attestation.blockNumber !== checkpointNumber || (roots !== null && booksRoot(roots) !== attestation.booksRoot)
    );
  }

  #isFalse(certificate: ResumeCertificate): boolean {
    const { checkpointNumber, checkpointDigest } = certificate;
    const read = this.#read;
    const index = newestFirst(read).find((place) => metaAt(place, read).blockNumber === checkpointNumber);
    return index === undefined || digestAt(index, read) !== checkpointDigest;
  }

  /** Why the gate is not open yet although a quorum signed; null when it is, as far as the books show. */
  #waitFor({ isHard, halt, tip }: QuorumView): string | null {
    if (!isHard) return null;
    const { coolDown, settlementAsset } = this.#context.options.immutables;
    const possibleFrom = halt.pausedAt + coolDown;
    if (BigInt(tip.timestamp) < possibleFrom) return `cool-down until ${possibleFrom}`;
    // Custody of the settlement asset is a condition of the guard's own: while it is short what is sent reverts.
    return this.#context.custody.shortOf(settlementAsset);
  }

  /** Says once what a certificate waits for that only a human can bring about. */
  #tell(reason: string): null {
    if (reason === this.#told || reason.startsWith("cool-down")) return null;
    this.#told = reason;
    this.#context.outbox.emit({ type: "alert", level: "critical", event: "resume-waits", detail: reason });
    return null;
  }

  readonly #read: Read = (slot: Hash) => this.#context.books.read("CheckpointRegistry", slot);
}
