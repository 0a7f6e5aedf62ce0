import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection, NetworkManager } from "hardhat/types/network";

import { hexToBytes, type Address, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import type { StorageProofHarness } from "../../../types/ethers-contracts/index.ts";
// Types `getContractAt` by the contract's name.
import type {} from "../../../types/ethers-contracts/hardhat.d.ts";

/** A call of the verifier: the function and its arguments in order. */
export type ProofCall =
  | readonly ["header", Hex, Hash]
  | readonly ["storageRoot", Hash, Address, readonly Hex[]]
  | readonly ["word", Hash, Hash, readonly Hex[]]
  | readonly ["rootOf", Hash, Hex, Address, readonly Hex[]]
  | readonly ["wordOf", Hash, Hex, Address, readonly Hex[], Hash, readonly Hex[]];

/** What a call came to: the first word that it returned, or the error that it reverted with. */
export type ProofOutcome =
  { readonly isAccepted: true; readonly value: Hash } | { readonly isAccepted: false; readonly error: string };

/** How many flipped bits the verifier refused, took for something else, or took for the same. */
export interface FlipCounts {
  readonly refused: number;
  readonly changed: number;
  readonly accepted: number;
}

/** `TrieProof.ProofError`, in its order. */
const TRIE_ERRORS = [
  "NO_ERROR",
  "EMPTY_KEY",
  "INVALID_ROOT",
  "INVALID_LARGE_NODE",
  "INVALID_SHORT_NODE",
  "EMPTY_PATH",
  "INVALID_PATH_REMAINDER",
  "EMPTY_EXTENSION_PATH_REMAINDER",
  "INVALID_EXTRA_PROOF_ELEMENT",
  "EMPTY_VALUE",
  "MISMATCH_LEAF_PATH_KEY_REMAINDER",
  "UNKNOWN_NODE_PREFIX",
  "UNPARSEABLE_NODE",
  "INVALID_PROOF",
] as const;
/** What all calls of a batch may cost together. */
const GAS_LIMIT = 4_000_000_000n;
/** Few enough that the node's trace of a call stays small. */
const CALLS_IN_A_BATCH = 12;
const FLIPS_IN_A_CALL = 16;

/** Opens a chain with room for many proofs in one call. */
export async function openProofChain(networks: NetworkManager): Promise<NetworkConnection> {
  return await networks.create({ override: { blockGasLimit: GAS_LIMIT } });
}

/** The on-chain verifier behind a `StorageProofHarness`, asked by `eth_call`. */
export class ProofHarness {
  readonly contract: StorageProofHarness;

  private constructor(contract: StorageProofHarness) {
    this.contract = contract;
  }

  static async deploy(ethers: HardhatEthers): Promise<ProofHarness> {
    return new ProofHarness(await ethers.deployContract("StorageProofHarness"));
  }

  /** The call data of a call. */
  encode([name, ...args]: ProofCall): Hex {
    return this.contract.interface.encodeFunctionData(name as "header", args as unknown as [Hex, Hash]) as Hex;
  }

  /** Judges one call. */
  async judge(call: ProofCall): Promise<ProofOutcome> {
    return (await this.judgeAll([call]))[0]!;
  }

  /** Judges every call by itself. */
  async judgeAll(calls: readonly ProofCall[]): Promise<ProofOutcome[]> {
    const outcomes: ProofOutcome[] = [];
    for (let at = 0; at < calls.length; at += CALLS_IN_A_BATCH) {
      const batch = calls.slice(at, at + CALLS_IN_A_BATCH).map((call) => this.encode(call));
      const answers = await this.contract.run(batch, { gasLimit: GAS_LIMIT });
      for (const { isAccepted, data } of answers) {
        if (isAccepted) outcomes.push({ isAccepted, value: data.slice(0, 66) as Hash });
        else outcomes.push({ isAccepted, error: this.#nameError(data) });
      }
    }
    return outcomes;
  }

  /** Flips every `step`th bit of `part`, which occurs once in the call's data, one at a time. */
  async flip(call: ProofCall, part: Hex, step = 1): Promise<FlipCounts> {
    const data = this.encode(call);
    const at = data.indexOf(part.slice(2));
    if (at < 0 || data.includes(part.slice(2), at + 1)) throw new Error("the part does not occur once");
    const first = (at - 2) * 4;
    const last = first + hexToBytes(part).length * 8;
    const counts = { refused: 0, changed: 0, accepted: 0 };
    for (let bit = first; bit < last; bit += FLIPS_IN_A_CALL * step) {
      const end = Math.min(last, bit + FLIPS_IN_A_CALL * step);
      const answer = await this.contract.flip(data, bit, end, step, { gasLimit: GAS_LIMIT });
      counts.refused += Number(answer.refused);
      counts.changed += Number(answer.changed);
      counts.accepted += Number(answer.accepted);
    }
    return counts;
  }

  /** Name of a typed error; throws for a revert without one, which would mean that the verifier ran out of gas. */
  #nameError(data: string): string {
    const error = this.contract.interface.parseError(data);
    if (error === null) throw new Error(`an error without a type: ${data}`);
    return error.name === "TrieProofTraversalError" ? TRIE_ERRORS[Number(error.args[0])]! : error.name;
  }
}
