import { AbiCoder, keccak256 } from "ethers";

import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { callNode } from "./callNode.ts";
import { contractInterface } from "./contractInterface.ts";
import type { LocalChain } from "./LocalChain.ts";

/** `Witness` of contracts/interfaces/ICollateralVault.sol. */
export interface Witness {
  readonly number: bigint;
  readonly roots: readonly Hash[];
  readonly balanceProof: readonly Hex[];
  readonly flowProof: readonly Hex[];
}

/** Base slots of contracts/libraries/LedgerLayout.sol. */
const LEDGER_ACCOUNTS = 1n;
const LEDGER_COLLATERAL = 4n;
const VAULT_FLOWS = 2n;

/**
 * The proofs for a withdrawal of `asset` under the two-witness rule, against the checkpoint that the guard names now.
 * Without a checkpoint the witness is empty, and the contracts refuse it by name.
 *
 * @param asset default: the settlement token
 */
export async function buildWitness(
  chain: LocalChain,
  account: Hash,
  asset: Address = chain.address("SettlementToken"),
): Promise<Witness> {
  const [number] = (await chain.read([{ contract: "SyncGuard", fn: "witnessNumber" }])) as [bigint];
  if (number === 0n) return { number, roots: [], balanceProof: [], flowProof: [] };
  const isSettlement = asset === chain.address("SettlementToken");
  const balanceSlot = isSettlement
    ? mappingSlot("bytes32", account, LEDGER_ACCOUNTS)
    : nestedSlot(account, asset, LEDGER_COLLATERAL);
  const [roots, balanceProof, flowProof] = await Promise.all([
    readRoots(chain, number),
    readProof(chain, chain.address("PositionLedger"), balanceSlot, number),
    readProof(chain, chain.address("CollateralVault"), nestedSlot(account, asset, VAULT_FLOWS), number),
  ]);
  return { number, roots, balanceProof, flowProof };
}

/** Slot of the ledger's account word `{int128 quote, uint16 openCount}`, for drills that tamper with it. */
export function ledgerAccountSlot(account: Hash): Hash {
  return mappingSlot("bytes32", account, LEDGER_ACCOUNTS);
}

/** The newest logs first: after a reorg a development node may still return orphaned ones. */
async function readRoots(chain: LocalChain, number: bigint): Promise<readonly Hash[]> {
  const abi = contractInterface("CheckpointRegistry");
  const topics = abi.encodeFilterTopics("CheckpointPosted", [number]);
  const filter = {
    address: chain.address("CheckpointRegistry"),
    fromBlock: `0x${chain.deployment.deploymentBlock.toString(16)}`,
    toBlock: "latest",
    topics,
  };
  const logs = (await callNode(chain.url, "eth_getLogs", [filter])) as { topics: string[]; data: string }[];
  const [checkpoint] = await chain.read([{ contract: "CheckpointRegistry", fn: "checkpointOf", args: [number] }]);
  const booksRoot = (checkpoint as Record<string, unknown>)["booksRoot"];
  for (const log of logs.reverse()) {
    const event = abi.parseLog(log);
    if (event?.args["booksRoot"] === booksRoot) return [...(event?.args["roots"] as Hash[])];
  }
  return [];
}

async function readProof(chain: LocalChain, book: Address, slot: Hash, number: bigint): Promise<readonly Hex[]> {
  const answer = await callNode(chain.url, "eth_getProof", [book, [slot], `0x${number.toString(16)}`]);
  return (
    (answer as { readonly storageProof: readonly { readonly proof: readonly Hex[] }[] }).storageProof[0]?.proof ?? []
  );
}

/** Solidity's slot of `mapping[key]`: keccak256(key . slot). */
function mappingSlot(type: "bytes32" | "address", key: Hex, slot: bigint | Hash): Hash {
  return keccak256(AbiCoder.defaultAbiCoder().encode([type, "uint256"], [key, slot])) as Hash;
}

function nestedSlot(account: Hash, asset: Address, slot: bigint): Hash {
  return mappingSlot("address", asset, mappingSlot("bytes32", account, slot));
}
