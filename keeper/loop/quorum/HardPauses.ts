import { encodeHardPause } from "../../actions/plan/encodeQuorumCalls.ts";
import type { Finding } from "../../domain/Finding.ts";
import type { PauseCertificate } from "../../domain/PauseCertificate.ts";
import { ROUND_BLOCKS } from "../../domain/rounds.ts";
import type { Hash } from "../../lib/hex.ts";
import type { Opinion } from "../Decider.ts";
import { incidentOf } from "../incidentOf.ts";
import type { Errand } from "./Carrier.ts";
import type { GuardWords } from "./GuardWords.ts";
import { mayCertify } from "./mayCertify.ts";
import type { QuorumContext } from "./QuorumContext.ts";
import type { QuorumView } from "./QuorumView.ts";
import { quorumOn, type TallyOf } from "./StatementBook.ts";

const GAS_LIMIT = 800_000n;
/** The guard takes no block that is older. */
const WINDOW_BLOCKS = 256;
/** As long as the first divergent block is no older, certificates name it. */
const FIRST_BLOCKS = 128;
/** Later ones name the newest block whose number is a multiple of this. */
const GRID_BLOCKS = 64;

/**
 * From the soft to the hard grade: a keeper that is Diverged, proved, with k operators behind the block, signs a certificate; what a
 * quorum signed is carried. Its own verdict is all that it signs for: neither a view, nor a suspicion, nor another keeper's word.
 *
 * Every field follows from the chain, so that honest keepers sign the same bytes: the incident of the first finding; the
 * current set; the nonce since which certificates are valid; and the first divergent block, or once that is old a newer one.
 */
export class HardPauses {
  readonly #context: QuorumContext;
  readonly #words: GuardWords;
  /** The books' newest block when this keeper first signed for an incident. */
  #since: { readonly incidentId: Hash; readonly number: number } | null = null;
  /** The books' newest block when something was signed that only others call so. */
  #joinedAt = -1;

  constructor(context: QuorumContext, words: GuardWords) {
    this.#context = context;
    this.#words = words;
  }

  /** Whether signatures are awaited, or what they are for. */
  isOpen(view: QuorumView): boolean {
    return !view.isHard && this.#since !== null;
  }

  /** Signs what is to be signed now. */
  step(view: QuorumView, opinion: Opinion | null): void {
    const { options, signing } = this.#context;
    const findings = this.#findings(opinion);
    const [first] = findings;
    if (first === undefined) this.#since = null;
    if (first === undefined || opinion === null || view.isHard || view.isWoundDown) return;
    const { attester } = options;
    if (attester === null || !view.set.members.includes(attester) || !mayCertify(opinion, options)) return;
    const certificate = this.#certificate(view, findings, first);
    if (certificate === null) return;
    const { incidentId } = certificate;
    if (this.#since?.incidentId !== incidentId) this.#since = { incidentId, number: view.tip.number };
    signing.sign({ kind: "pause", certificate });
    // Who missed the proofs of the first divergent block has another incident for the same divergence: after a while what
    // others call it is signed as well.
    if (view.tip.number - this.#since.number < ROUND_BLOCKS || view.tip.number === this.#joinedAt) return;
    this.#join(view, this.#valid(view, findings, first));
  }

  /** Signs what most have signed, once for each block: a keeper that invents incidents without end costs no more than that. */
  #join(view: QuorumView, valid: readonly TallyOf<"pause">[]): void {
    const { signing } = this.#context;
    const others = valid.filter(({ digest }) => !signing.hasCertified(digest));
    const [most] = others.toSorted((one, other) => other.signatures.size - one.signatures.size);
    if (most === undefined) return;
    this.#joinedAt = view.tip.number;
    signing.sign(most.statement);
  }

  /** What is to be carried now, if it is this keeper's turn. Only what it would sign itself. */
  errand(view: QuorumView, opinion: Opinion | null): Errand | null {
    const { options, rotation } = this.#context;
    const findings = this.#findings(opinion);
    const [first] = findings;
    if (first === undefined || view.isHard || view.isWoundDown) return null;
    for (const tally of this.#valid(view, findings, first)) {
      const signatures = quorumOn(tally, view.set);
      if (signatures === null) continue;
      const { digest, statement } = tally;
      if (!rotation.isMine(digest, view.set.members, options.attester, view.tip.number)) return null;
      const { certificate } = statement;
      return {
        id: digest,
        purpose: "hard-pause",
        to: options.addresses.SyncGuard,
        data: encodeHardPause({ certificate, set: view.set, signatures }),
        gasLimit: GAS_LIMIT,
      };
    }
    return null;
  }

  #findings(opinion: Opinion | null): readonly Finding[] {
    return opinion?.verdict.kind === "Diverged" ? opinion.verdict.findings : [];
  }

  #certificate(view: QuorumView, findings: readonly Finding[], first: Finding): PauseCertificate | null {
    const { follower, options } = this.#context;
    const grid = view.tip.number - (view.tip.number % GRID_BLOCKS);
    const isOld = view.tip.number - first.blockNumber > FIRST_BLOCKS;
    const blockNumber = isOld ? grid : first.blockNumber;
    const blockHash = isOld ? follower.hashAt(grid) : first.blockHash;
    const pauseNonce = this.#pauseNonce(view, findings);
    if (blockHash === undefined || pauseNonce === null) return null;
    const incidentId = incidentOf(options, first);
    return { incidentId, setId: view.set.id, pauseNonce, blockNumber: BigInt(blockNumber), blockHash };
  }

  /**
   * The nonce since which certificates are valid. Where the guard's own storage is what differs, its books say nothing of what the
   * guard will take: then its proven words do.
   */
  #pauseNonce(view: QuorumView, findings: readonly Finding[]): bigint | null {
    if (!findings.some(({ contract }) => contract === "SyncGuard")) return view.halt.clearedNonce;
    return this.#words.clearedNonce(view.tip);
  }

  #valid(view: QuorumView, findings: readonly Finding[], first: Finding): TallyOf<"pause">[] {
    const { book, follower } = this.#context;
    const since = this.#pauseNonce(view, findings);
    return book.all("pause").filter(({ statement: { certificate } }) => {
      const number = Number(certificate.blockNumber);
      const isTimely = number >= first.blockNumber && view.tip.number - number < WINDOW_BLOCKS - 1;
      const isCurrent = certificate.setId === view.set.id && certificate.pauseNonce === since;
      return isTimely && isCurrent && follower.hashAt(number) === certificate.blockHash;
    });
  }
}
