import type { KeeperOptions } from "./KeeperOptions.ts";

/** What the keeper decides by, without what it remembers and without URLs: for the evidence of what it decided. */
export function settingsOf(options: KeeperOptions): unknown {
  const { chainId, addresses, immutables, deploymentBlock, chain, policy, pauser, attester, poster } = options;
  const { proofDepth, requestDeadlineMs, hedgeMs, maxFeePerGas } = options;
  // What was seen of them at start is no setting.
  const tokenSlots = options.tokenSlots?.map(({ token, slot, order }) => ({ token, slot, order }));
  const sources = options.sources.map(({ id, operator }) => ({ id, operator }));
  return {
    ...{ chainId, addresses, immutables, deploymentBlock, chain, policy, pauser, attester, poster, sources },
    ...{ proofDepth, requestDeadlineMs, hedgeMs, maxFeePerGas },
    ...(tokenSlots === undefined ? {} : { tokenSlots }),
  };
}
