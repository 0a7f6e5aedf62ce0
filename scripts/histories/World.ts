import { id } from "ethers";

import { bigintToBytes } from "../../keeper/lib/bytes.ts";
import { hexToBytes, type Address, type Hash } from "../../keeper/lib/hex.ts";
import { keccak256 } from "../../keeper/lib/keccak.ts";
import { encodeRlp } from "../../keeper/lib/rlp.ts";
import { EMPTY_ROOT } from "../../keeper/trie/nodeEncoding.ts";
import { StateTrie } from "./StateTrie.ts";

/** An account of the chains. */
export interface Account {
  readonly address: Address;
  /** keccak256 of the address, where the trie has it. */
  readonly key: Uint8Array;
}

/** What all histories of a run share. */
export interface World {
  /** Accounts that book sets are made of; those of the first set come first, in its order. */
  readonly contracts: readonly Account[];
  /** How many of them the first set has. */
  readonly bookCount: number;
  /** Accounts that are never books. */
  readonly bystanders: readonly Account[];
  /** States without any of `contracts`: of few bystanders and of many. */
  readonly states: readonly StateTrie[];
}

/** Contracts that only later book sets have. */
const SPARES = 5;
const CROWDS = [2, 6, 15, 40, 300] as const;

/** The world of a deployment whose first book set is `books`. */
export function createWorld(books: readonly string[]): World {
  const spares = Array.from({ length: SPARES }, (_, index) => madeUp(`spare book ${index}`));
  const contracts = [...books, ...spares].map((address) => accountAt(address.toLowerCase() as Address));
  const bystanders = Array.from({ length: Math.max(...CROWDS) }, (_, index) => accountAt(madeUp(`bystander ${index}`)));
  const states = CROWDS.map((count) =>
    bystanders
      .slice(0, count)
      .reduce((state, { key }, index) => state.with(key, encodeAccount(EMPTY_ROOT, index)), StateTrie.EMPTY),
  );
  return { contracts, bookCount: books.length, bystanders, states };
}

/** An account as the state trie has it: nonce, balance, storage root and code hash. Source: Yellow Paper, 4.1. */
export function encodeAccount(storageRoot: Hash, nonce: number): Uint8Array {
  const balance = BigInt(nonce) ** 5n;
  const codeHash = keccak256(Uint8Array.of(nonce & 255));
  return encodeRlp([bigintToBytes(BigInt(nonce)), bigintToBytes(balance), hexToBytes(storageRoot), codeHash]);
}

function madeUp(name: string): Address {
  return id(name).slice(0, 42) as Address;
}

function accountAt(address: Address): Account {
  return { address, key: keccak256(hexToBytes(address)) };
}
