import { profileOf, type ChainProfile } from "../domain/chainProfile.ts";
import type { KeeperConfig } from "./KeeperConfig.ts";

/** What is normal on the deployment's chain: its profile, with what the operator set otherwise. */
export function chainOf(
  chainId: number,
  config: Pick<
    KeeperConfig,
    "profile" | "finality" | "confirmations" | "checkpointDepth" | "genesisHash" | "pinnedBlock"
  >,
): ChainProfile {
  const profile = profileOf(chainId, config.profile);
  return {
    ...profile,
    finality: config.finality ?? profile.finality,
    confirmations: config.confirmations ?? profile.confirmations,
    checkpointDepth: config.checkpointDepth ?? profile.checkpointDepth,
    genesisHash: config.genesisHash ?? profile.genesisHash,
    pin: config.pinnedBlock ?? profile.pin,
  };
}
