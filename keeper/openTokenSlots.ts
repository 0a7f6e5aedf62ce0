import type { Source } from "./chain/sources/Source.ts";
import type { Deployment } from "./config/deployment.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { LOCAL_CHAIN_IDS, type ChainProfile } from "./domain/chainProfile.ts";
import type { TokenSlot } from "./domain/TokenSlot.ts";
import { confirmTokenSlots } from "./probes/confirmTokenSlots.ts";
import type { Logger } from "./telemetry/log.ts";

/**
 * The declared token slots, each held against what the token itself says.
 *
 * @throws KeeperError `TokenSlotWrong` for one whose proven word is not the balance
 */
export async function openTokenSlots(
  sources: readonly Source[],
  parts: {
    readonly config: KeeperConfig;
    readonly deployment: Deployment;
    readonly chain: ChainProfile;
    readonly log: Logger;
    readonly signal: AbortSignal;
    /** Monotonic milliseconds. */
    readonly now: () => number;
  },
): Promise<readonly TokenSlot[]> {
  const { config, deployment, chain, log, signal, now } = parts;
  const { chainId } = deployment;
  const { tokenSlots, doubts } = await confirmTokenSlots(config.tokenSlots, {
    ...{ sources, signal, now, chainId, hedgeMs: config.hedgeMs, deadlineMs: config.requestDeadlineMs },
    vault: deployment.contracts.CollateralVault,
    allowUnwitnessed: config.singleSource || LOCAL_CHAIN_IDS.has(chainId),
    genesisHash: chain.genesisHash ?? undefined,
    pin: chain.pin ?? undefined,
  });
  for (const detail of doubts) log.warn("token-slot-unconfirmed", { detail });
  return tokenSlots;
}
