import { bytesToBigint } from "../../lib/bytes.ts";
import { bytesToHex, HexError, parseData, type Address, type Hash, type Hex } from "../../lib/hex.ts";
import { keccak256 } from "../../lib/keccak.ts";
import { decodeRlp, RlpError, type RlpItem } from "../../lib/rlp.ts";
import { decodeWord, type WordOptions } from "../../trie/decodeWord.ts";
import { ProofError } from "../../trie/ProofError.ts";
import { proveValue } from "../../trie/walkProof.ts";
import { VerificationError } from "./VerificationError.ts";

/** An account of the state trie. Source: Yellow Paper 4.1. */
export interface ProvenAccount {
  readonly nonce: bigint;
  /** Wei. */
  readonly balance: bigint;
  readonly storageRoot: Hash;
  /** keccak256 of the code. */
  readonly codeHash: Hash;
}

/** An account proof, as `eth_getProof` serves it (EIP-1186). */
export interface AccountProofQuestion {
  /** Of a verified header. */
  readonly stateRoot: Hash;
  readonly address: Address;
  /** The answer's `accountProof`: untrusted. */
  readonly proof: unknown;
}

/** A storage proof, as `eth_getProof` serves it (EIP-1186). */
export interface StorageProofQuestion extends WordOptions {
  /** Of a verified account. */
  readonly storageRoot: Hash;
  /** 32 bytes. */
  readonly slot: Hex;
  /** The answer's `storageProof[i].proof`: untrusted. */
  readonly proof: unknown;
}

/** Runs a verification of the trie's and gives its faults the type of this module. */
function translated<Result>(verify: () => Result): Result {
  try {
    return verify();
  } catch (error: unknown) {
    if (error instanceof ProofError) {
      throw new VerificationError(error.code, error.message, error.payload, { cause: error });
    }
    if (error instanceof HexError) {
      throw new VerificationError("ProofMalformed", error.message, { input: error.input }, { cause: error });
    }
    throw error;
  }
}

function accountMalformed(detail: string, cause?: unknown): ProofError {
  const options = cause === undefined ? {} : { cause };
  return new ProofError("ProofValueMalformed", `account: ${detail}`, { detail }, options);
}

function decodeInteger(item: RlpItem, maxBytes: number, name: string): bigint {
  if (!(item instanceof Uint8Array) || item.length > maxBytes || item[0] === 0) {
    throw accountMalformed(`${name} is not a canonical integer of at most ${maxBytes} bytes`);
  }
  return bytesToBigint(item);
}

function decodeHash(item: RlpItem, name: string): Hash {
  if (!(item instanceof Uint8Array) || item.length !== 32) throw accountMalformed(`${name} is not 32 bytes`);
  return bytesToHex(item);
}

function decodeAccount(value: Uint8Array): ProvenAccount {
  let item: RlpItem;
  try {
    item = decodeRlp(value);
  } catch (error: unknown) {
    if (error instanceof RlpError) throw accountMalformed(error.message, error);
    throw error;
  }
  if (item instanceof Uint8Array || item.length !== 4) throw accountMalformed("not a list of four");
  return {
    nonce: decodeInteger(item[0]!, 8, "nonce"),
    balance: decodeInteger(item[1]!, 32, "balance"),
    storageRoot: decodeHash(item[2]!, "storage root"),
    codeHash: decodeHash(item[3]!, "code hash"),
  };
}

/**
 * The account at an address, proven against a state root; null when the proof shows that there is none. What the
 * answer claims beside the proof (`balance`, `storageHash`, …) is not needed: this is it.
 *
 * @throws VerificationError with a code of {@link ProofErrorCode}
 */
export function verifyAccountProof({ stateRoot, address, proof }: AccountProofQuestion): ProvenAccount | null {
  return translated(() => {
    const hashedKey = keccak256(parseData(address, "address", { length: 20 }));
    const value = proveValue({ root: stateRoot, hashedKey, proof });
    return value === null ? null : decodeAccount(value);
  });
}

/**
 * The word at a slot, proven against a storage root; 0 when the proof shows that there is none.
 *
 * @throws VerificationError with a code of {@link ProofErrorCode}
 */
export function verifyStorageProof({ storageRoot, slot, proof, ...options }: StorageProofQuestion): bigint {
  return translated(() => {
    const hashedKey = keccak256(parseData(slot, "slot", { length: 32 }));
    const value = proveValue({ root: storageRoot, hashedKey, proof });
    return value === null ? 0n : decodeWord(value, options);
  });
}
