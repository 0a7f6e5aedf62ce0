import type { Result } from "ethers";

import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { callNode } from "../../local/callNode.ts";
import { contractInterface } from "../../local/contractInterface.ts";
import type { LocalChain } from "../../local/LocalChain.ts";

/** An event of a contract, and the transaction that it is of. */
export interface ChainEvent {
  readonly block: number;
  readonly transaction: Hash;
  readonly args: Result;
}

interface RpcLog {
  readonly blockNumber: string;
  readonly transactionHash: Hash;
  readonly topics: readonly string[];
  readonly data: Hex;
}

/** The events of one name that a contract emitted since a block, oldest first. */
export async function readEvents(
  chain: LocalChain,
  contract: "SyncGuard" | "CheckpointRegistry",
  name: string,
  fromBlock: number,
): Promise<ChainEvent[]> {
  const abi = contractInterface(contract);
  const filter = {
    address: chain.address(contract),
    fromBlock: `0x${fromBlock.toString(16)}`,
    toBlock: "latest",
    topics: abi.encodeFilterTopics(name, []),
  };
  const logs = (await callNode(chain.url, "eth_getLogs", [filter])) as readonly RpcLog[];
  return logs.flatMap(({ blockNumber, transactionHash, topics, data }) => {
    const parsed = abi.parseLog({ topics, data });
    return parsed === null ? [] : [{ block: Number(blockNumber), transaction: transactionHash, args: parsed.args }];
  });
}
