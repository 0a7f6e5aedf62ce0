import type { Hash } from "../lib/hex.ts";

/** The kinds of chain that a keeper knows how to follow. */
export const PROFILE_NAMES = ["ethereum", "op-stack", "local"] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** What makes a block final: a tag that the chain really moves, or so many blocks on top of it. */
export const FINALITY_POLICIES = ["finalized", "safe", "depth"] as const;
export type FinalityPolicy = (typeof FINALITY_POLICIES)[number];

/** A block that must be of the chain, chosen by the operator or known for ever. */
export interface PinnedBlock {
  readonly number: number;
  readonly hash: Hash;
}

/**
 * What is normal on a chain, so that what is not can be told. Durations in seconds; `Infinity` switches a check off, as a
 * development chain needs, whose time and blocks come when somebody wants them.
 */
export interface ChainProfile {
  readonly name: ProfileName;
  /** Expected time between blocks. */
  readonly blockSeconds: number;
  readonly finality: FinalityPolicy;
  /** Blocks on top of one that make a reorg of it unlikely: deeper ones are said loudly and stop signatures for a while. */
  readonly confirmations: number;
  /** Blocks below the head at which checkpoints are signed. */
  readonly checkpointDepth: number;
  /** No block for so long: the chain, or everybody's view of it, stands still. */
  readonly haltSeconds: number;
  /** Heads move, the final block does not, for so long. */
  readonly finalityStallSeconds: number;
  /** How far ahead of this machine's clock a block may be. */
  readonly futureSeconds: number;
  /** Hash of block 0, where it is known for ever. */
  readonly genesisHash: Hash | null;
  /** A block that every source must have, under that hash. */
  readonly pin: PinnedBlock | null;
}

const ETHEREUM: ChainProfile = {
  name: "ethereum",
  blockSeconds: 12,
  finality: "finalized",
  confirmations: 3,
  checkpointDepth: 1,
  haltSeconds: 120,
  finalityStallSeconds: 1_800,
  futureSeconds: 15,
  genesisHash: null,
  pin: null,
};

const OP_STACK: ChainProfile = {
  ...ETHEREUM,
  name: "op-stack",
  blockSeconds: 2,
  confirmations: 12,
  checkpointDepth: 2,
  haltSeconds: 60,
  finalityStallSeconds: 3_600,
};

const LOCAL: ChainProfile = {
  ...ETHEREUM,
  name: "local",
  blockSeconds: 1,
  finality: "depth",
  confirmations: 64,
  checkpointDepth: 0,
  haltSeconds: Infinity,
  finalityStallSeconds: Infinity,
  futureSeconds: Infinity,
};

/** The profiles by name. */
export const PROFILES: Readonly<Record<ProfileName, ChainProfile>> = {
  ethereum: ETHEREUM,
  "op-stack": OP_STACK,
  local: LOCAL,
};

/** Hardhat's and Anvil's default: one source is enough there, and signing needs no witness. */
export const LOCAL_CHAIN_IDS: ReadonlySet<number> = new Set([31_337, 1_337]);

/** Public chains whose genesis everybody knows. */
const KNOWN: Readonly<Record<number, { readonly profile: ProfileName; readonly genesisHash: Hash }>> = {
  1: { profile: "ethereum", genesisHash: "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3" },
  11_155_111: {
    profile: "ethereum",
    genesisHash: "0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9",
  },
  560_048: { profile: "ethereum", genesisHash: "0xbbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b" },
  17_000: { profile: "ethereum", genesisHash: "0xb5f7f912443c940f21fd611f12828d75b534364ed9e95ca4e307729a4661bde4" },
  10: { profile: "op-stack", genesisHash: "0x7ca38a1916c42007829c55e69d3e9a73265554b586a499015373241b8a3fa48b" },
  8_453: { profile: "op-stack", genesisHash: "0xf712aa9241cc24369b143cf6dce85f0902a9731e70d66818a3a5845b296c73dd" },
};

/** The profile of a chain: the named one, else by its id, else Ethereum's, the strictest. */
export function profileOf(chainId: number, name?: ProfileName): ChainProfile {
  const known = KNOWN[chainId];
  const byId = LOCAL_CHAIN_IDS.has(chainId) ? "local" : (known?.profile ?? "ethereum");
  return { ...PROFILES[name ?? byId], genesisHash: known?.genesisHash ?? null };
}
