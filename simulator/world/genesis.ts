import { BOOK_NAMES, type BookAddresses, type BookName, type Immutables } from "../../keeper/domain/bookSet.ts";
import { Books, type BooksOptions } from "../../keeper/books/Books.ts";
import type { BooksImage } from "../../keeper/books/BooksImage.ts";
import { readImage } from "../../keeper/books/imageSections.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import type { StartingPoint } from "../../keeper/loop/StartingPoint.ts";
import { sealBlock, type SimBlock } from "../chain/Block.ts";
import { State, type KeyAccount } from "../chain/State.ts";
import type { Contracts } from "../contracts/Execution.ts";
import recorded from "./genesis.json" with { type: "json" };

/** The keys of one keeper of the recorded set. */
export interface KeeperKeys {
  readonly attest: Address;
  readonly pause: Address;
  readonly post: Address;
}

/** What every simulated chain begins with: a market that is set up, recorded from the real contracts. */
export interface Genesis {
  readonly contracts: Contracts;
  readonly keepers: readonly KeeperKeys[];
  readonly block: SimBlock;
  /** A fresh starting point for a keeper: its books are its own. */
  start(reducers?: BooksOptions["reducers"]): StartingPoint;
  /** Books at the genesis. */
  books(reducers?: BooksOptions["reducers"]): Books;
}

const ETHER = 10n ** 18n;
/** Empty blocks below the genesis: nodes call one of them final. */
const PREHISTORY = 24;

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function readImmutables(): Immutables {
  const entries = Object.entries(recorded.immutables).map(([name, value]) => {
    return [name, value.startsWith("0x") ? value : BigInt(value)];
  });
  return Object.fromEntries(entries) as Immutables;
}

function load(): Genesis {
  const image = readImage(recorded.sections.map(({ kind, base64 }) => ({ kind, bytes: bytesOf(base64) })));
  const contracts: Contracts = {
    addresses: recorded.addresses as BookAddresses,
    immutables: readImmutables(),
    ethFeed: recorded.ethFeed as Address,
  };
  const codeHashes = recorded.codeHashes as Readonly<Record<BookName, Hash>>;
  const keepers = recorded.keepers.map(({ attest, pause }, index): KeeperKeys => {
    return { attest: attest as Address, pause: pause as Address, post: `0x${"50".repeat(19)}0${index}` };
  });
  const words = new Map(
    BOOK_NAMES.map((name) => [name, new Map(Books.fromImage(contracts, image).trie(name).slots())]),
  );
  const rich: KeyAccount = { nonce: 0, balance: 1_000n * ETHER };
  const keys = new Map(keepers.flatMap(({ pause, post }) => [pause, post].map((address) => [address, rich] as const)));
  const state = State.create(contracts.addresses, codeHashes, keys, words, new Map(image.answers));
  const { number, timestamp } = image.block;
  let block: SimBlock | null = null;
  for (let below = PREHISTORY; below >= 0; below -= 1) {
    block = sealBlock({
      ...{ parent: block, number: number - below, timestamp: timestamp - 12 * below, baseFeePerGas: 10n ** 9n, state },
      ...{ transactions: [], tamper: null, isReal: true, salt: "genesis" },
    });
  }
  assert(block !== null, "there is a block");
  const own: BooksImage = {
    ...image,
    block: { number, hash: block.hash, parentHash: block.header.parentHash, timestamp },
  };
  const books = (reducers?: BooksOptions["reducers"]): Books => {
    const replaced = reducers === undefined ? {} : { reducers };
    return Books.fromImage({ ...contracts, undoDepth: 8_192, ...replaced }, own);
  };
  const proven = Object.fromEntries(
    BOOK_NAMES.map((name, index) => [name, { storageRoot: state.roots[index] ?? "0x", codeHash: codeHashes[name] }]),
  ) as NonNullable<StartingPoint["proven"]>;
  const { header } = block;
  const start = (reducers?: BooksOptions["reducers"]): StartingPoint => {
    return {
      books: books(reducers),
      header,
      proven,
      codeHashes: new Map(Object.entries(codeHashes) as [BookName, Hash][]),
    };
  };
  return { contracts, keepers, block, start, books };
}

/** The same for all simulations; nothing of it changes. */
export const GENESIS: Genesis = load();
