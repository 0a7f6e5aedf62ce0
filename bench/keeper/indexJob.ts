import type { EventFragment } from "ethers";

import type { Immutables } from "../../keeper/domain/bookSet.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import { contractInterface, type ContractName } from "../../scripts/local/contractInterface.ts";
import type { LockstepDeployment } from "../../scripts/local/deployLockstep.ts";
import type { Recording } from "./Recording.ts";

/** One contract and what is indexed of it. */
interface JobSource {
  /** Its name; both feeds have the same. */
  readonly contract: string;
  readonly address: Address;
  readonly events: readonly {
    readonly name: string;
    readonly topic: Hash;
    readonly signature: string;
    readonly inputs: readonly { readonly name: string; readonly type: string; readonly indexed: boolean }[];
  }[];
  readonly abi: readonly unknown[];
}

/** What an indexer is to do: the events of some contracts from block 0 to the head, from one node. */
export interface IndexJob {
  readonly url: string;
  readonly chainId: number;
  readonly head: number;
  readonly headHash: Hash;
  readonly sources: readonly JobSource[];
  readonly deployment: LockstepDeployment;
  /** As JSON has it: numbers in decimal digits. */
  readonly immutables: Readonly<Record<keyof Immutables, string>>;
}

/** The events that change what an account has, and the prices. */
const EVENTS: readonly (readonly [
  contract: string,
  abi: ContractName,
  at: keyof LockstepDeployment["contracts"],
  ...names: string[],
])[] = [
  ["PositionLedger", "PositionLedger", "PositionLedger", "EntryPosted", "FundingUpdated"],
  ["OrderSettlement", "OrderSettlement", "OrderSettlement", "OrderFilled"],
  ["CollateralVault", "CollateralVault", "CollateralVault", "Deposited", "Withdrawn"],
  ["Feed", "MockAggregator", "EthFeed", "AnswerUpdated"],
  ["Feed", "MockAggregator", "BtcFeed", "AnswerUpdated"],
];

/** The job of indexing a recorded chain from the node at `url` that has it. */
export function jobOf(url: string, { deployment, immutables, blocks }: Recording): IndexJob {
  const { hash } = JSON.parse(blocks.at(-1)?.header ?? "{}") as { readonly hash: Hash };
  return {
    ...{ url, chainId: deployment.chainId, head: blocks.length - 1, headHash: hash, deployment },
    sources: EVENTS.map(([contract, name, at, ...names]) => {
      const fragments = names.map((event) => contractInterface(name).getEvent(event) as EventFragment);
      return {
        ...{ contract, address: deployment.contracts[at] },
        events: fragments.map((fragment) => ({
          ...{ name: fragment.name, topic: fragment.topicHash as Hash, signature: fragment.format("sighash") },
          inputs: fragment.inputs.map(({ name: input, type, indexed }) => ({
            name: input,
            type,
            indexed: indexed === true,
          })),
        })),
        abi: fragments.map((fragment) => JSON.parse(fragment.format("json")) as unknown),
      };
    }),
    immutables: Object.fromEntries(
      Object.entries(immutables).map(([name, value]) => [name, String(value)]),
    ) as IndexJob["immutables"],
  };
}
