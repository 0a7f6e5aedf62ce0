import type { Voter } from "../chain/agree/Votes.ts";
import type { ChainProfile } from "../domain/chainProfile.ts";
import type { BookAddresses, Immutables } from "../domain/bookSet.ts";
import type { Policy } from "../domain/policy.ts";
import type { TokenSlot } from "../domain/TokenSlot.ts";
import type { Address } from "../lib/hex.ts";
import type { OwnPast } from "./OwnPast.ts";

/** Everything a keeper is told at start. */
export interface KeeperOptions extends OwnPast {
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
  /** Tokens whose balance of the vault is proven with every block; absent where none is declared. */
  readonly tokenSlots?: readonly TokenSlot[];
  /** Blocks in sync of which a second opinion is asked for practice, so that the first one in earnest is not slow; none unless told. */
  readonly practiceBlocks?: number;
  /** Another replica of this keeper leads: follow and judge, and do nothing until told to lead. */
  readonly isStandby?: boolean;
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
