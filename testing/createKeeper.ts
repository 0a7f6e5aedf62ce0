import type { BookAddresses, Immutables } from "../keeper/domain/bookSet.ts";
import { profileOf } from "../keeper/domain/chainProfile.ts";
import { POLICY_DEFAULTS, type Policy } from "../keeper/domain/policy.ts";
import type { Address, Hex } from "../keeper/lib/hex.ts";
import type { KeeperOptions } from "../keeper/loop/KeeperOptions.ts";
import type { KeyName } from "../keeper/loop/ports.ts";
import type { Replacements } from "../keeper/loop/Replacements.ts";
import { InProcessKeeper, type InProcessKeeperOptions } from "./InProcessKeeper.ts";
import type { Rpc } from "./Rpc.ts";

/** The keys of a keeper, by what they are for. */
export type KeeperKeys = Partial<Record<KeyName, { readonly address: string; readonly privateKey: string }>>;

/** What a test may choose of a keeper. */
export interface KeeperChoice {
  readonly keys?: KeeperKeys;
  /** By id of the source; each is an operator of its own. */
  readonly rpcs: Readonly<Record<string, Rpc>>;
  readonly policy?: Partial<Policy>;
  readonly replacements?: Replacements;
  readonly options?: Partial<KeeperOptions>;
  readonly broadcast?: InProcessKeeperOptions["broadcast"];
  readonly shuffle?: InProcessKeeperOptions["shuffle"];
}

const GWEI = 1_000_000_000n;

/** A keeper that has seen nothing yet, of the protocol at `addresses` on a local chain. */
export function createKeeper(
  addresses: BookAddresses,
  immutables: Immutables,
  { keys = {}, rpcs, policy, replacements, options, broadcast, shuffle }: KeeperChoice,
): InProcessKeeper {
  const addressOf = (name: KeyName): Address | null =>
    (keys[name]?.address.toLowerCase() as Address | undefined) ?? null;
  const pairs = Object.entries(keys).map(([name, { privateKey }]) => [name, privateKey as Hex]);
  return new InProcessKeeper({
    rpcs,
    keys: Object.fromEntries(pairs) as Partial<Record<KeyName, Hex>>,
    ...(replacements === undefined ? {} : { replacements }),
    ...(broadcast === undefined ? {} : { broadcast }),
    ...(shuffle === undefined ? {} : { shuffle }),
    options: {
      chainId: 31_337,
      chain: profileOf(31_337),
      hedgeMs: 50,
      addresses,
      immutables,
      deploymentBlock: 1,
      sources: Object.keys(rpcs).map((id) => ({ id, operator: id })),
      policy: {
        mode: "act",
        isLocalChain: true,
        allowSingleSource: false,
        checkpointIntervalSeconds: 300,
        ...POLICY_DEFAULTS,
        ...policy,
      },
      pauser: addressOf("pause"),
      attester: addressOf("attest"),
      poster: addressOf("post"),
      signedRoots: new Map(),
      proofDepth: 64,
      requestDeadlineMs: 1_000,
      maxFeePerGas: 1_000n * GWEI,
      ...options,
    },
  });
}
