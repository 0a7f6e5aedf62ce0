import { FallbackProvider, JsonRpcProvider, Network } from "ethers";
import { createPublicClient, fallback, http } from "viem";

import { VerifiedReader } from "../../keeper/chain/read/VerifiedReader.ts";
import type { Client, ClientKind, ClientOptions } from "./Client.ts";

/** The three clients. */
export const CLIENTS: readonly ClientKind[] = [
  { name: "viem fallback", open: openViem },
  { name: "ethers quorum 2", open: openEthers },
  { name: "Lockstep", open: openLockstep },
];

/** As shipped: not ranked, its own `shouldThrow`, retries and timeouts. */
function openViem({ urls }: ClientOptions): Client {
  const client = createPublicClient({ transport: fallback(urls.map((url) => http(url))) });
  return {
    ask: async (address, slot) => BigInt((await client.getStorageAt({ address, slot })) ?? "0x0"),
    close: () => Promise.resolve(),
  };
}

/**
 * As shipped, but for two things in its favour: it is told the network, and it keeps no answer for 250 ms, which would be
 * that of the block before.
 */
function openEthers({ urls, chainId }: ClientOptions): Client {
  const network = Network.from(chainId);
  const providers = urls.map((url) => {
    return new JsonRpcProvider(url, network, { staticNetwork: network, cacheTimeout: -1 });
  });
  const provider = new FallbackProvider(providers, network, { quorum: 2, cacheTimeout: -1 });
  return {
    ask: async (address, slot) => BigInt(await provider.getStorage(address, slot)),
    close: () => provider.destroy(),
  };
}

/** As a keeper has it: with a pinned block, and told who runs which URL. */
function openLockstep({ urls, operators, chainId, pin }: ClientOptions): Client {
  const sources = urls.map((url, index) => {
    return { id: `source-${index + 1}`, url, operator: operators[index] ?? "", client: "anvil" };
  });
  const reader = VerifiedReader.open(sources, { chainId, pin, now: () => performance.now() });
  return { ask: (address, slot) => reader.storage(address, slot), close: () => reader.close() };
}
