import { AbiCoder, concat, keccak256 } from "ethers";

import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { callNode } from "./callNode.ts";
import { contractInterface } from "./contractInterface.ts";
import type { LocalChain } from "./LocalChain.ts";

/** `Attestation` of contracts/interfaces/ICheckpointRegistry.sol. */
export interface WitnessAttestation {
  readonly setId: bigint;
  readonly bookSetVersion: bigint;
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
  readonly booksRoot: Hash;
}

/** `PositionWitness` of contracts/interfaces/IWitnessVerifier.sol. */
export interface PositionWitness {
  readonly position: readonly Hex[];
  readonly market: readonly Hex[];
}

/** `Witness` of contracts/interfaces/ICollateralVault.sol. */
export interface Witness {
  readonly attestation: WitnessAttestation;
  readonly roots: readonly Hash[];
  readonly balanceProof: readonly Hex[];
  readonly flowProof: readonly Hex[];
  readonly pages: readonly (readonly Hex[])[];
  readonly positions: readonly PositionWitness[];
}

/** Base slots of contracts/libraries/LedgerLayout.sol. */
const LEDGER_ACCOUNTS = 1n;
const LEDGER_POSITIONS = 2n;
const LEDGER_OPEN_IDS = 3n;
const LEDGER_COLLATERAL = 4n;
const LEDGER_MARKETS = 5n;
const VAULT_FLOWS = 2n;
const IDS_PER_PAGE = 15n;
const NO_HASH: Hash = `0x${"0".repeat(64)}`;
const NO_ATTESTATION = { setId: 0n, bookSetVersion: 0n, blockNumber: 0n, blockHash: NO_HASH, booksRoot: NO_HASH };
const NO_PROOFS = { balanceProof: [], flowProof: [], pages: [], positions: [] };

/**
 * The proofs for a withdrawal of `asset` under the two-witness rule, against the checkpoint that the guard names now.
 * Without a checkpoint the witness is empty, and the contracts do not look at it.
 *
 * @param asset default: the settlement token
 */
export async function buildWitness(
  chain: LocalChain,
  account: Hash,
  asset: Address = chain.address("SettlementToken"),
): Promise<Witness> {
  const [number] = (await chain.read([{ contract: "SyncGuard", fn: "witnessNumber" }])) as [bigint];
  const attested = await readAttestation(chain, number);
  if (attested === undefined) return { attestation: NO_ATTESTATION, roots: [], ...NO_PROOFS };
  const isSettlement = asset === chain.address("SettlementToken");
  const balanceSlot = isSettlement
    ? ledgerAccountSlot(account)
    : nestedSlot("address", account, asset, LEDGER_COLLATERAL);
  const ledger = chain.address("PositionLedger");
  const [balance, flow] = await Promise.all([
    readProof(chain, ledger, balanceSlot, number),
    readProof(chain, chain.address("CollateralVault"), nestedSlot("address", account, asset, VAULT_FLOWS), number),
  ]);
  const { pages, positions } = isSettlement ? await readPositions(chain, account, balance.value, number) : NO_PROOFS;
  return { ...attested, balanceProof: balance.proof, flowProof: flow.proof, pages, positions };
}

/** Slot of the ledger's account word `{int128 quote, uint16 openCount}`, for drills that tamper with it. */
export function ledgerAccountSlot(account: Hash): Hash {
  return mappingSlot("bytes32", account, LEDGER_ACCOUNTS);
}

/** The newest logs first: after a reorg a development node may still return orphaned ones. */
async function readAttestation(
  chain: LocalChain,
  number: bigint,
): Promise<Pick<Witness, "attestation" | "roots"> | undefined> {
  if (number === 0n) return undefined;
  const abi = contractInterface("CheckpointRegistry");
  const filter = {
    address: chain.address("CheckpointRegistry"),
    fromBlock: `0x${chain.deployment.deploymentBlock.toString(16)}`,
    toBlock: "latest",
    topics: abi.encodeFilterTopics("CheckpointPosted", [number]),
  };
  const logs = (await callNode(chain.url, "eth_getLogs", [filter])) as { topics: string[]; data: string }[];
  const [checkpoint] = await chain.read([{ contract: "CheckpointRegistry", fn: "checkpointOf", args: [number] }]);
  const posted = (checkpoint as Record<string, unknown>)["digest"];
  for (const log of logs.reverse()) {
    const args = abi.parseLog(log)?.args;
    if (args === undefined) continue;
    const roots = [...(args["roots"] as Hash[])];
    const attestation = {
      setId: args["setId"] as bigint,
      bookSetVersion: args["bookSetVersion"] as bigint,
      blockNumber: number,
      blockHash: args["blockHash"] as Hash,
      booksRoot: keccak256(concat(roots)) as Hash,
    };
    const reading = { contract: "CheckpointRegistry", fn: "hashAttestation", args: [attestation] } as const;
    const [digest] = await chain.read([reading]);
    if (digest === posted) return { attestation, roots };
  }
  return undefined;
}

/**
 * What the account had open, in the order of its open ids.
 *
 * @param word of the account, with the number of its positions
 */
async function readPositions(chain: LocalChain, account: Hash, word: bigint, number: bigint) {
  const ledger = chain.address("PositionLedger");
  const count = (word >> 128n) & 0xffffn;
  const pages: (readonly Hex[])[] = [];
  const positions: PositionWitness[] = [];
  let ids = 0n;
  for (let index = 0n; index < count; index += 1n) {
    if (index % IDS_PER_PAGE === 0n) {
      const slot = nestedSlot("uint256", account, index / IDS_PER_PAGE, LEDGER_OPEN_IDS);
      const page = await readProof(chain, ledger, slot, number);
      pages.push(page.proof);
      ids = page.value;
    }
    const instrument = ids & 0xffffn;
    ids >>= 16n;
    const [position, market] = await Promise.all([
      readProof(chain, ledger, nestedSlot("uint16", account, instrument, LEDGER_POSITIONS), number),
      readProof(chain, ledger, mappingSlot("uint16", instrument, LEDGER_MARKETS), number),
    ]);
    positions.push({ position: position.proof, market: market.proof });
  }
  return { pages, positions };
}

interface StorageProof {
  readonly value: bigint;
  readonly proof: readonly Hex[];
}

/** No proof of an absent word: it has none of inclusion, and needs none. */
async function readProof(chain: LocalChain, book: Address, slot: Hash, number: bigint): Promise<StorageProof> {
  const answer = await callNode(chain.url, "eth_getProof", [book, [slot], `0x${number.toString(16)}`]);
  const { storageProof } = answer as {
    readonly storageProof: readonly { readonly value: Hex; readonly proof: readonly Hex[] }[];
  };
  const [entry] = storageProof;
  const value = BigInt(entry?.value ?? "0x0");
  return { value, proof: value === 0n ? [] : (entry?.proof ?? []) };
}

type KeyType = "bytes32" | "address" | "uint16" | "uint256";

/** Solidity's slot of `mapping[key]`: keccak256(key . slot). */
function mappingSlot(type: KeyType, key: Hex | bigint, slot: bigint | Hash): Hash {
  return keccak256(AbiCoder.defaultAbiCoder().encode([type, "uint256"], [key, slot])) as Hash;
}

function nestedSlot(type: KeyType, account: Hash, key: Hex | bigint, slot: bigint): Hash {
  return mappingSlot(type, key, mappingSlot("bytes32", account, slot));
}
