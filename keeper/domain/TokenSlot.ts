import { hexToBytes, type Address, type Hash, type Hex } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";

/** Where a token keeps its balances, as an operator declares it: a mapping from the holder to one plain word. */
export interface TokenSlot {
  readonly token: Address;
  /** Slot of the mapping itself, 32 bytes. */
  readonly slot: Hash;
  /** Solidity hashes the holder before the mapping's slot, Vyper after it. */
  readonly order: "solidity" | "vyper";
  /** When the keeper started, the word was what the token said, and it could not have been that by being empty. */
  readonly isConfirmed?: boolean;
}

/** The slot of a holder's balance. */
export function balanceSlot({ slot, order }: Pick<TokenSlot, "slot" | "order">, holder: Address): Hash {
  const key = holder.slice(2).toLowerCase().padStart(64, "0");
  const digits = order === "solidity" ? key + slot.slice(2) : slot.slice(2) + key;
  const preimage: Hex = `0x${digits}`;
  return keccak256Hex(hexToBytes(preimage));
}

/** A declaration as an operator writes it, `0xToken:slot` or `0xToken:slot:vyper`; a small slot as a decimal number. */
export function describeTokenSlot({ token, slot, order }: TokenSlot): string {
  const number = BigInt(slot);
  return `${token}:${number < 1_000_000n ? number : slot}${order === "vyper" ? ":vyper" : ""}`;
}
