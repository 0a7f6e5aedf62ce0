import { keccak256, concat } from "ethers";

import type { Hash } from "../../../keeper/lib/hex.ts";
import { ROLES, developmentWallet } from "../../../scripts/local/accounts.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import type { Attempt, LocalChain } from "../../../scripts/local/LocalChain.ts";

const ATTESTATION_TYPES = {
  Attestation: [
    { name: "setId", type: "uint32" },
    { name: "bookSetVersion", type: "uint32" },
    { name: "blockNumber", type: "uint64" },
    { name: "blockHash", type: "bytes32" },
    { name: "booksRoot", type: "bytes32" },
  ],
};

/** `CauseClass.Books`. */
const PROVED_BOOKS = 0;

/** Posts a checkpoint of the head, of whatever storage roots the node says; needs one block on top of it. */
export async function postCheckpoint(chain: LocalChain): Promise<Attempt> {
  await callNode(chain.url, "evm_mine");
  const { number } = await chain.readHead();
  const tag = `0x${(number - 1).toString(16)}`;
  const block = (await callNode(chain.url, "eth_getBlockByNumber", [tag, false])) as { readonly hash: Hash };
  const [books, setId, quorum, members] = await chain.read([
    { contract: "CheckpointRegistry", fn: "booksOf", args: [1] },
    { contract: "KeeperRegistry", fn: "setId" },
    { contract: "KeeperRegistry", fn: "quorum" },
    { contract: "KeeperRegistry", fn: "members" },
  ]);
  const roots: Hash[] = [];
  for (const book of (books as readonly [readonly string[]])[0]) {
    const proof = (await callNode(chain.url, "eth_getProof", [book, [], tag])) as { readonly storageHash: Hash };
    roots.push(proof.storageHash);
  }
  const attestation = {
    setId,
    bookSetVersion: 1,
    blockNumber: number - 1,
    blockHash: block.hash,
    booksRoot: keccak256(concat(roots)),
  };
  const domain = {
    name: "Lockstep",
    version: "1",
    chainId: chain.deployment.chainId,
    verifyingContract: chain.address("CheckpointRegistry"),
  };
  const attester = developmentWallet(ROLES.attester);
  const signature = await attester.signTypedData(domain, ATTESTATION_TYPES, attestation);
  return chain.attempt(attester, "CheckpointRegistry", "post", [
    attestation,
    roots,
    [setId, quorum, [...(members as readonly string[])]],
    signature,
  ]);
}

/** Pauses on the parent of the head, as the local network's only keeper. */
export async function pauseSoftly(chain: LocalChain): Promise<Attempt> {
  await callNode(chain.url, "evm_mine");
  const { number } = await chain.readHead();
  const tag = `0x${(number - 1).toString(16)}`;
  const block = (await callNode(chain.url, "eth_getBlockByNumber", [tag, false])) as { readonly hash: Hash };
  const pauser = developmentWallet(ROLES.pauser);
  return chain.attempt(pauser, "SyncGuard", "softPause", [
    block.hash,
    PROVED_BOOKS,
    number - 1,
    block.hash,
    block.hash,
  ]);
}
