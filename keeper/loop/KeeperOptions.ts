import type { Voter } from "../chain/agree/Votes.ts";
import type { ChainProfile } from "../domain/chainProfile.ts";
import type { BookAddresses, Immutables } from "../domain/bookSet.ts";
import type { Policy } from "../domain/policy.ts";
import type { Address, Hash } from "../lib/hex.ts";

/** Everything a keeper is told at start. */
export interface KeeperOptions {
  readonly chainId: number;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  /** First block that can hold an event of a book contract. */
  readonly deploymentBlock: number;
  readonly sources: readonly Voter[];
  /** What is normal on the chain. */
  readonly chain: ChainProfile;
  readonly policy: Policy;
  /** Own addresses; null when the key is not configured. */
  readonly pauser: Address | null;
  readonly attester: Address | null;
  readonly poster: Address | null;
  /** Roots already signed, by block hash, from the journal: never two for one hash. */
  readonly signedRoots: ReadonlyMap<Hash, Hash>;
  /** Blocks below the head for which account proofs are asked. */
  readonly proofDepth: number;
  /** Least time between two snapshots of the books; absent where none are taken. */
  readonly snapshotIntervalMs?: number;
  readonly requestDeadlineMs: number;
  /** Time after which a second source is asked for what the first has not answered. */
  readonly hedgeMs: number;
  /** Emergency cap on the fee, wei per gas. */
  readonly maxFeePerGas: bigint;
}
