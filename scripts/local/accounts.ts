import { HDNodeWallet, Mnemonic, Wallet } from "ethers";

import type { Address, Hash } from "../../keeper/lib/hex.ts";

/** The mnemonic of every development node. Public: nothing of value may ever belong to its accounts. */
export const DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk";

/** Who is who among the development accounts. */
export const ROLES = {
  deployer: 0,
  attester: 1,
  pauser: 2,
  feedMover: 3,
  executor: 4,
  traders: [5, 6, 7, 8, 9],
} as const;

const BIP44_PATH = "m/44'/60'/0'/0";

let parent: HDNodeWallet | undefined;
const wallets = new Map<number, Wallet>();

/** The wallet of development account `index`, BIP-44 path m/44'/60'/0'/0/index; the nodes fund 0 to 9 with 10,000 ETH. */
export function developmentWallet(index: number): Wallet {
  let wallet = wallets.get(index);
  if (wallet === undefined) {
    parent ??= HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEVELOPMENT_MNEMONIC), BIP44_PATH);
    wallet = new Wallet(parent.deriveChild(index).privateKey);
    wallets.set(index, wallet);
  }
  return wallet;
}

/** The wallet's address in lower case. */
export function addressOf(wallet: { readonly address: string }): Address {
  return wallet.address.toLowerCase() as Address;
}

/** Account `number` (below 2^96) of an owner: the address in the upper 20 bytes, see contracts/types/AccountId.sol. */
export function accountIdOf(wallet: { readonly address: string }, number = 0n): Hash {
  return `${addressOf(wallet)}${number.toString(16).padStart(24, "0")}`;
}
