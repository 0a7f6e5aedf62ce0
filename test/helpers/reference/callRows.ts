import type { BaseContract } from "ethers";

const WORD = 64;
/** The call of a batch may burn this much; Hardhat's network allows it in `eth_call`. */
const GAS = 60_000_000n;

/**
 * Calls a function that takes one flat array of words and returns one. Written without an ABI coder, which takes longer
 * for a hundred thousand words than the arithmetic under test.
 */
export async function callRows(contract: BaseContract, name: string, words: readonly bigint[]): Promise<bigint[]> {
  const { selector } = contract.interface.getFunction(name)!;
  const data = selector + [32n, BigInt(words.length), ...words].map(toWord).join("");
  const to = await contract.getAddress();
  const answer = await contract.runner!.call!({ to, data, gasLimit: GAS });
  const count = Number(BigInt(`0x${answer.slice(2 + WORD, 2 + 2 * WORD)}`));
  const start = 2 + 2 * WORD;
  return Array.from({ length: count }, (_, i) => BigInt(`0x${answer.slice(start + i * WORD, start + (i + 1) * WORD)}`));
}

/** Index of the first word in which two answers differ, -1 if there is none; signed values count as their word. */
export function firstDifference(actual: readonly bigint[], expected: readonly bigint[]): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  return actual.findIndex((word, i) => word !== BigInt.asUintN(256, expected[i]!));
}

function toWord(value: bigint): string {
  return BigInt.asUintN(256, value).toString(16).padStart(WORD, "0");
}
