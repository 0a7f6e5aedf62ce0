/** Fees of one attempt, wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

const GWEI = 1_000_000_000n;
/** Nodes refuse a replacement that raises either fee by less than 10 %. */
const BUMP_PERCENT = 125n;

/**
 * The fee ladder: attempt 0 pays several base fees at once, each further attempt a quarter more, up to the cap.
 * The tip is never above the fee.
 */
export function feesFor(baseFeePerGas: bigint, attempt: number, cap: bigint): Fees {
  let maxFeePerGas = baseFeePerGas * 3n + 3n * GWEI;
  let maxPriorityFeePerGas = 2n * GWEI;
  for (let step = 0; step < attempt; step += 1) {
    maxFeePerGas = (maxFeePerGas * BUMP_PERCENT) / 100n + 1n;
    maxPriorityFeePerGas = (maxPriorityFeePerGas * BUMP_PERCENT) / 100n + 1n;
  }
  const fee = maxFeePerGas < cap ? maxFeePerGas : cap;
  return { maxFeePerGas: fee, maxPriorityFeePerGas: maxPriorityFeePerGas < fee ? maxPriorityFeePerGas : fee };
}
