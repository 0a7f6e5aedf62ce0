import type { FinalityMode } from "../chain/agree/Finality.ts";
import type { ServedHead } from "../chain/agree/Votes.ts";
import type { Condition } from "../domain/conditions.ts";
import type { SendRefusal } from "../actions/plan/sendRefusal.ts";
import type { TransactionRequest } from "../actions/plan/TransactionRequest.ts";
import type { Reserve } from "../domain/decide.ts";
import type { BookName } from "../domain/bookSet.ts";
import type { IncidentState } from "../domain/incidentState.ts";
import type { LocatedSlot } from "../domain/Finding.ts";
import type { CoreOrder } from "../domain/Order.ts";
import type { SignedStatement, Statement } from "../domain/Statement.ts";
import type { UnknownReason, Verdict } from "../domain/Verdict.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import type { OwnPast } from "./OwnPast.ts";
import type { Comparison, View } from "../views/View.ts";
import type { Transition } from "./Transition.ts";

/** One JSON-RPC call. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** The answer to one call of a batch: a value, or why there is none. */
export type RpcAnswer =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      /** Time for which the source refuses further requests. */
      readonly retryAfterMs?: number;
      /** What a call reverted with. */
      readonly data?: Hex;
    };

/** Everything that can happen to a keeper. `nowMs` is a monotonic clock's reading. */
export type Input =
  | { readonly type: "source-up"; readonly source: string; readonly nowMs: number }
  | { readonly type: "source-down"; readonly source: string; readonly reason: string; readonly nowMs: number }
  | {
      readonly type: "head";
      readonly source: string;
      readonly number: number;
      readonly hash: Hash;
      readonly nowMs: number;
    }
  | { readonly type: "answers"; readonly id: number; readonly answers: readonly RpcAnswer[]; readonly nowMs: number }
  | { readonly type: "journalled"; readonly id: number; readonly nowMs: number }
  | { readonly type: "signed"; readonly id: number; readonly raw: Hex; readonly hash: Hash; readonly nowMs: number }
  /** A signer could not sign now, a remote one for example; asking again may help. */
  | {
      readonly type: "sign-failed";
      readonly id: number;
      readonly code: string;
      readonly message: string;
      readonly nowMs: number;
    }
  /** A source took a transaction, or refused it. */
  | {
      readonly type: "sent";
      readonly hash: Hash;
      readonly source: string;
      readonly refusal: SendRefusal | null;
      readonly nowMs: number;
    }
  /** What a peer serves, its own and others'. The signers are recovered from the signatures. */
  | {
      readonly type: "statements";
      readonly peer: string;
      readonly statements: readonly SignedStatement[];
      readonly nowMs: number;
    }
  /** This replica leads from now on, with what the earlier leader has signed and done. */
  | { readonly type: "lead"; readonly past: OwnPast; readonly nowMs: number }
  /** An operator's order. */
  | {
      readonly type: "order";
      readonly id: string;
      readonly order: CoreOrder;
      readonly nowMs: number;
    }
  | {
      readonly type: "view";
      readonly name: string;
      readonly mayPause: boolean;
      readonly view: View;
      readonly nowMs: number;
    }
  | {
      readonly type: "tick";
      readonly nowMs: number;
      /** Seconds since the epoch by this machine's clock. */
      readonly wallSeconds?: number;
    };

/** Which key signs: the pause key is not the posting key. */
export type KeyName = "pause" | "attest" | "post";

/** What is said of a block, for people, metrics and evidence. */
export interface BlockReport {
  readonly number: number;
  readonly hash: Hash;
  readonly timestamp: number;
  readonly verdict: Verdict;
  /** Logs of book contracts in the block. */
  readonly logCount: number;
  readonly slotCount: number;
  readonly votes: number;
  readonly quorum: number;
  /** When the head was announced, and when the last byte needed for the verdict had arrived. */
  readonly headAtMs: number;
  readonly factsAtMs: number;
}

/** What happens to one divergence, from found to contained. */
export interface IncidentReport {
  readonly id: Hash;
  readonly state: IncidentState;
  readonly cause: string;
  readonly contract: string;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly detail: string;
  readonly transaction: Hash | null;
  /** Block at which the effect was first seen to be proven: the one that includes it, unless the keeper was behind. */
  readonly containedIn: number | null;
}

/** Books that are worth keeping: those at a final block whose proven roots were theirs. */
export interface SnapshotOrder {
  readonly number: number;
  readonly hash: Hash;
  /** In the order of the book set. */
  readonly roots: readonly Hash[];
}

/** The block after which a contract's words were searched, and what stood against each other there. */
export interface LocatedAt {
  readonly contract: BookName;
  readonly number: number;
  readonly hash: Hash;
  /** Storage root by the books. */
  readonly booksRoot: Hash;
  /** Storage root by the chain, proven. */
  readonly chainRoot: Hash;
}

/** Everything a keeper can do. Effects of one step are performed in order. */
export type Effect =
  | {
      readonly type: "request";
      readonly id: number;
      readonly source: string;
      readonly calls: readonly RpcCall[];
      readonly deadlineMs: number;
    }
  | { readonly type: "journal"; readonly id: number; readonly kind: string; readonly body: unknown }
  | {
      readonly type: "sign-transaction";
      readonly id: number;
      readonly key: KeyName;
      readonly request: TransactionRequest;
    }
  | {
      readonly type: "sign-typed-data";
      readonly id: number;
      readonly key: "attest";
      readonly domainSeparator: Hash;
      readonly structHash: Hash;
      /** What the hashes are of. */
      readonly statement: Statement;
    }
  /** What other keepers may fetch from now on, in place of what was said before. */
  | {
      readonly type: "statements";
      readonly statements: readonly SignedStatement[];
      /** Others' are awaited: ask them often. */
      readonly isOpen: boolean;
    }
  | { readonly type: "broadcast"; readonly purpose: string; readonly raw: Hex; readonly hash: Hash }
  | { readonly type: "block"; readonly report: BlockReport }
  | { readonly type: "unknown"; readonly reason: UnknownReason; readonly detail: string }
  | { readonly type: "view-compared"; readonly name: string; readonly blockHash: Hash; readonly comparison: Comparison }
  | { readonly type: "latch"; readonly detail: string }
  /** What would have been done, and why it is not: a dry run consists of these. */
  | {
      readonly type: "withheld";
      readonly action: "soft-pause" | "attest";
      readonly because: Reserve;
      readonly detail: string;
    }
  | { readonly type: "rolled-back"; readonly depth: number; readonly to: Hash }
  | { readonly type: "incident"; readonly report: IncidentReport }
  | {
      readonly type: "located";
      readonly incidentId: Hash;
      readonly slots: readonly LocatedSlot[];
      /** Where the slots were searched: the words are those after these blocks. */
      readonly blocks: readonly LocatedAt[];
      /** What is not as it should be; empty when every slot was found and named. */
      readonly note: string;
      /** Every slot that differs was found, if not named. */
      readonly isComplete: boolean;
      /** So many slots differ that the search stopped: the books as a whole are suspect. */
      readonly isTruncated: boolean;
      /** The second opinion found the fault to be the keeper's own. */
      readonly isOwnFault: boolean;
      /** False where the search goes on: what it finds later takes the place of this. */
      readonly isFinal: boolean;
    }
  /** What proves an incident, or a fault of our own, to a third party: to be written down when it suits. */
  | { readonly type: "evidence"; readonly transition: Transition }
  | { readonly type: "quarantine"; readonly source: string; readonly reason: string }
  /** A source serves one branch and another in turn: both heads are evidence. */
  | { readonly type: "equivocation"; readonly source: string; readonly heads: readonly ServedHead[] }
  | { readonly type: "condition"; readonly condition: Condition; readonly holds: boolean }
  /** How final blocks are told on this chain, as soon as it is known. */
  | { readonly type: "finality"; readonly mode: FinalityMode }
  | { readonly type: "checkpoint"; readonly blockNumber: number; readonly blockHash: Hash; readonly transaction: Hash }
  /** Write the books at this block to disk, when it suits: they go on. */
  | { readonly type: "snapshot"; readonly order: SnapshotOrder }
  | {
      readonly type: "alert";
      readonly level: "warning" | "critical";
      readonly event: string;
      readonly detail: string;
      /** Evidence, as JSON holds it. */
      readonly fields?: Readonly<Record<string, unknown>>;
    }
  /** What became of an operator's order; why, if it was refused. */
  | { readonly type: "order-done"; readonly id: string; readonly ok: boolean; readonly detail: string };
