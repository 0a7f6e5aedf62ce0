import { getBytes, type ContractTransactionResponse, type TransactionResponse } from "ethers";

import type { GasMeasure, Operation } from "./GasRow.ts";

type Sent = Promise<ContractTransactionResponse | TransactionResponse>;

const TRANSACTION_GAS = 21_000;
const ZERO_BYTE_GAS = 4;
const BYTE_GAS = 16;

/** What a transaction pays before anything runs (EIP-2028). */
export function intrinsicGas(data: string): number {
  const bytes = getBytes(data);
  const zeros = bytes.filter((byte) => byte === 0).length;
  return TRANSACTION_GAS + ZERO_BYTE_GAS * zeros + BYTE_GAS * (bytes.length - zeros);
}

/** Waits for a transaction and returns what it used; EIP-7623's floor is never reached here. */
export async function gasOf(sent: Sent): Promise<number> {
  const receipt = await (await sent).wait();
  if (!receipt) throw new Error("not mined");
  return Number(receipt.gasUsed);
}

/** Collects what the operations of the bench used. */
export class GasRecorder {
  readonly #measures = new Map<Operation, GasMeasure>();

  /** Records `gas` itself. */
  note(operation: Operation, gas: number): void {
    this.#measures.set(operation, { operation, gas });
  }

  /** Records a whole transaction. */
  async whole(operation: Operation, sent: Sent): Promise<void> {
    this.note(operation, await gasOf(sent));
  }

  /** Records a whole transaction whose calldata carries hashes; see {@link GasMeasure}. */
  async hashed(operation: Operation, sent: Sent): Promise<void> {
    const gas = await gasOf(sent);
    this.#measures.set(operation, { operation, gas, execution: gas - intrinsicGas((await sent).data) });
  }

  /** Records what another contract would pay for a view, which `sent` called in a transaction. */
  async view(operation: Operation, sent: Sent): Promise<void> {
    this.note(operation, (await gasOf(sent)) - intrinsicGas((await sent).data));
  }

  /** Everything that was recorded. */
  get measures(): readonly GasMeasure[] {
    return [...this.#measures.values()];
  }
}
