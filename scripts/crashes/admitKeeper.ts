import { setTimeout as sleep } from "node:timers/promises";

import type { Hex } from "../../keeper/lib/hex.ts";
import { addressOf, developmentWallet, ROLES } from "../local/accounts.ts";
import { callNode } from "../local/callNode.ts";
import { contractInterface, type ContractName } from "../local/contractInterface.ts";
import type { LocalChain } from "../local/LocalChain.ts";

const RECEIPT_ATTEMPTS = 250;
const RECEIPT_MS = 20;

/** Registers one more keeper: approved by governance, bonded by the deployer, active. The node mines each transaction at once. */
export async function admitKeeper(
  chain: LocalChain,
  keys: { readonly attest: number; readonly pause: number },
): Promise<void> {
  const from = addressOf(developmentWallet(ROLES.deployer));
  const [attester, pauser] = [keys.attest, keys.pause].map((index) => addressOf(developmentWallet(index)));
  const [token, bond] = await chain.read([
    { contract: "KeeperRegistry", fn: "BOND_TOKEN" },
    { contract: "KeeperRegistry", fn: "BOND" },
  ]);
  const registry = chain.address("KeeperRegistry");
  const call = async (to: string, abi: ContractName, fn: string, args: readonly unknown[]): Promise<void> => {
    const data = contractInterface(abi).encodeFunctionData(fn, [...args]) as Hex;
    const hash = await callNode(chain.url, "eth_sendTransaction", [{ from, to, data, gas: "0x1e8480" }]);
    const receipt = await receiptOf(chain.url, hash);
    if (receipt?.status !== "0x1") throw new Error(`${abi}.${fn} was refused: the second keeper is not registered`);
  };
  await call(registry, "KeeperRegistry", "approve", [attester, pauser, from]);
  await call(token as string, "MockToken", "mint", [from, bond]);
  await call(token as string, "MockToken", "approve", [registry, bond]);
  await call(registry, "KeeperRegistry", "bond", [attester]);
  const delay = await chain.read([{ contract: "KeeperRegistry", fn: "JOIN_DELAY" }]);
  await callNode(chain.url, "evm_increaseTime", [Number(delay[0]) + 1]);
  await callNode(chain.url, "evm_mine");
  await call(registry, "KeeperRegistry", "activate", [attester]);
}

/** Anvil mines a moment after it has answered. */
async function receiptOf(url: string, hash: unknown): Promise<{ readonly status: string } | null> {
  for (let attempt = 1; ; attempt += 1) {
    const receipt = (await callNode(url, "eth_getTransactionReceipt", [hash])) as { readonly status: string } | null;
    if (receipt !== null || attempt === RECEIPT_ATTEMPTS) return receipt;
    await sleep(RECEIPT_MS);
  }
}
