import type { BookBlock } from "../../books/Books.ts";
import { storage as guard } from "../../books/generated/SyncGuard.ts";
import { readProofAnswer } from "../../chain/verify/blockFacts.ts";
import { verifyStorageProof } from "../../chain/verify/proof.ts";
import { VerificationError } from "../../chain/verify/VerificationError.ts";
import type { Hash } from "../../lib/hex.ts";
import type { RpcAnswer } from "../ports.ts";
import type { QuorumContext } from "./QuorumContext.ts";

const SLOTS = [guard.incident.slot, guard.halt.slot] as const;

/** The guard's own words as the chain proves them, for when its books are what differs. Asked for once for each block. */
export class GuardWords {
  readonly #context: QuorumContext;
  #asked: { readonly id: number; readonly at: BookBlock } | null = null;
  /** The block for which they were asked last, whether the answer was of use or not. */
  #triedAt: Hash | null = null;
  #known: { readonly hash: Hash; readonly clearedNonce: bigint | null } | null = null;
  #isSaid = false;

  constructor(context: QuorumContext) {
    this.#context = context;
  }

  /** The nonce since which the guard takes certificates; null while it is not proven, or when it takes none at all. */
  clearedNonce(tip: BookBlock): bigint | null {
    if (this.#known?.hash !== tip.hash && this.#triedAt !== tip.hash) this.#ask(tip);
    return this.#known?.clearedNonce ?? null;
  }

  /** Takes an answer in. False when the id is somebody else's. */
  answer(id: number, [answer]: readonly RpcAnswer[]): boolean {
    if (this.#asked?.id !== id) return false;
    const { at } = this.#asked;
    this.#asked = null;
    const storageRoot = this.#context.follower.held(at.hash)?.proven?.SyncGuard?.storageRoot;
    const proof = answer?.ok === true ? readProofAnswer(answer.value) : null;
    if (storageRoot === undefined || proof === null) return true;
    try {
      const [incident = 0n, halt = 0n] = SLOTS.map((slot, index) => {
        return verifyStorageProof({ storageRoot, slot, proof: proof.storageProof[index]?.proof ?? [] });
      });
      const { clearedNonce } = guard.halt.decode(halt);
      const isOpen = clearedNonce <= guard.incident.decode(incident).nonce;
      this.#known = { hash: at.hash, clearedNonce: isOpen ? clearedNonce : null };
      if (!isOpen) this.#say(clearedNonce);
    } catch (error: unknown) {
      // Another source, at another block, may prove it.
      if (!(error instanceof VerificationError)) throw error;
    }
    return true;
  }

  #ask(at: BookBlock): void {
    const { follower, outbox, options } = this.#context;
    const { board } = follower.agreement;
    const ranked = board.ranked(board.trusted());
    const source = ranked[at.number % Math.max(1, ranked.length)];
    if (source === undefined) return;
    const params = [options.addresses.SyncGuard, SLOTS, { blockHash: at.hash }];
    const id = outbox.request(source, [{ method: "eth_getProof", params }], options.requestDeadlineMs);
    this.#asked = { id, at };
    this.#triedAt = at.hash;
  }

  #say(clearedNonce: bigint): void {
    if (this.#isSaid) return;
    this.#isSaid = true;
    const detail = `the guard's words say that pauses up to ${clearedNonce} are cleared, more than there were: it takes no certificate`;
    this.#context.outbox.emit({ type: "alert", level: "critical", event: "hard-pause-impossible", detail });
  }
}
