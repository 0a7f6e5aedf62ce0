import { readStorageProofs } from "./readStorageProofs.ts";
import type { Hash, Hex } from "../../keeper/lib/hex.ts";
import { callNode } from "../../scripts/local/callNode.ts";
import { startNode } from "../../scripts/local/startNode.ts";
import type { Write } from "../trie/randomWords.ts";
import type { Prove } from "./descend.ts";

const CONTRACT: Hex = "0x00000000000000000000000000000000000c0de5";

/** A contract's storage on a node of its own. */
export interface NodeStorage {
  readonly root: Hash;
  readonly prove: Prove;
  readonly stop: () => Promise<void>;
}

/** Starts Anvil with a contract of these words, and a block that commits to them. */
export async function startStorage(words: readonly Write[]): Promise<NodeStorage> {
  const node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
  try {
    await callNode(node.url, "anvil_setCode", [CONTRACT, "0x00"]);
    for (const [slot, word] of words) {
      await callNode(node.url, "anvil_setStorageAt", [CONTRACT, slot, `0x${word.toString(16).padStart(64, "0")}`]);
    }
    await callNode(node.url, "evm_mine", []);
    const { hash } = (await callNode(node.url, "eth_getBlockByNumber", ["latest", false])) as { readonly hash: Hash };
    const ask = (keys: readonly Hex[]): Promise<unknown> =>
      callNode(node.url, "eth_getProof", [CONTRACT, keys, { blockHash: hash }]);
    const { storageHash } = (await ask([])) as { readonly storageHash: Hash };
    return { root: storageHash, prove: async (keys) => readStorageProofs(await ask(keys)), stop: () => node.stop() };
  } catch (error: unknown) {
    await node.stop();
    throw error;
  }
}
