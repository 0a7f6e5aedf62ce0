import { concat, toBeHex, type Addressable } from "ethers";

/** The account number `index` of `owner`: the address in the upper 20 bytes, the number in the lower 12. */
export function accountOf(owner: Addressable & { readonly address: string }, index = 0): string {
  return concat([owner.address, toBeHex(index, 12)]);
}
