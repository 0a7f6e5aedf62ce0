import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { droppedDeposit } from "./droppedDeposit.ts";
import type { DrillResult } from "./DrillResult.ts";
import { fullCycle } from "./fullCycle.ts";
import type { FullCycleResult } from "./fullCycle/FullCycleResult.ts";
import { gasSpike } from "./gasSpike.ts";
import { keepersGone } from "./keepersGone.ts";
import { killedKeeper } from "./killedKeeper.ts";
import { laggingSources } from "./laggingSources.ts";
import { lyingSource } from "./lyingSource.ts";
import { partition } from "./partition.ts";
import { phantomDeposit } from "./phantomDeposit.ts";
import { stalePrice } from "./stalePrice.ts";
import type { DrillChoice } from "./Stage.ts";
import { storageTamper } from "./storageTamper.ts";
import { swallowedPause } from "./swallowedPause.ts";
import { twoKeepers } from "./twoKeepers.ts";
import { uneventedWrite } from "./uneventedWrite.ts";

/** One scenario that can be rehearsed. */
export interface Scenario {
  /** What breaks. */
  readonly about: string;
  /** What has to be true in the end. */
  readonly contained: string;
  /** Why it needs a chain of its own; null where it can also be staged on a test deployment, with `--rpc`. */
  readonly needsOwnChain: string | null;
  readonly run: (choice: DrillChoice, context: CommandContext) => Promise<DrillResult | FullCycleResult>;
}

const PAUSED = "paused, and the balance buys and takes out no more than was proven before";

/** Every scenario by its name, in the order in which they are listed. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "unevented-write": {
    about: "a bug in a book contract writes a balance without an event",
    contained: PAUSED,
    needsOwnChain: "it needs a ledger with a planted bug",
    run: uneventedWrite,
  },
  "storage-tamper": {
    about: "a balance is overwritten in the node's state",
    contained: PAUSED,
    needsOwnChain: null,
    run: storageTamper,
  },
  "phantom-deposit": {
    about: "an off-chain engine keeps a deposit that a reorg removed",
    contained: `${PAUSED}; the engine is corrected`,
    needsOwnChain: null,
    run: phantomDeposit,
  },
  "dropped-deposit": {
    about: "a reorg drops a deposit that the keeper's books hold",
    contained: "not paused; the books follow, and what is gone cannot be withdrawn",
    needsOwnChain: null,
    run: droppedDeposit,
  },
  "lying-source": {
    about: "one of three sources forges states, proofs and events",
    contained: "not paused; the liar and nobody else is named, and the keeper and trading go on",
    needsOwnChain: null,
    run: lyingSource,
  },
  "lagging-sources": {
    about: "two of three sources fall behind, and then a balance is overwritten",
    contained: PAUSED,
    needsOwnChain: null,
    run: laggingSources,
  },
  partition: {
    about: "no source can be reached for a while",
    contained: "not paused; the keeper says that it is not ready, and is in sync and ready again afterwards",
    needsOwnChain: null,
    run: partition,
  },
  "swallowed-pause": {
    about: "every source takes the pause and drops it; a relay has it too",
    contained: PAUSED,
    needsOwnChain: null,
    run: swallowedPause,
  },
  "gas-spike": {
    about: "gas is dear from the block on in which a pause is due",
    contained: `${PAUSED}, at the dearer fee`,
    needsOwnChain: null,
    run: gasSpike,
  },
  "killed-keeper": {
    about: "kill -9 of the keeper between its decision and the send, and it is started again",
    contained: `${PAUSED}; exactly one pause takes effect`,
    needsOwnChain: "a keeper that starts again needs proofs that a node whose state was written cannot give",
    run: killedKeeper,
  },
  "two-keepers": {
    about: "two keepers find the same divergence and pause at once",
    contained: `${PAUSED}; exactly one pause takes effect`,
    needsOwnChain: "it lets a second keeper into the registry",
    run: twoKeepers,
  },
  "keepers-gone": {
    about: "no keeper runs when a balance is overwritten, nor for twenty minutes after it",
    contained: "new risk and the loot are refused by the age of the newest checkpoint, without a transaction",
    needsOwnChain: "it moves the chain's clock",
    run: keepersGone,
  },
  "stale-price": {
    about: "a price feed stands still while the keeper and everything else go on",
    contained: "not paused; that instrument takes no new risk, free collateral leaves, and a fresh price ends it",
    needsOwnChain: "it moves the chain's clock",
    run: stalePrice,
  },
  "full-cycle": {
    about: "four keepers: an unevented write, both pauses, evidence, repair, the resume gate, and running again",
    contained: "every stage is reached, and everything that is tried meanwhile is refused",
    needsOwnChain: "it needs four keepers and a ledger with a planted bug",
    run: fullCycle,
  },
};
