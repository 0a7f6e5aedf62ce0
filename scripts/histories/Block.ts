import { bigintToBytes } from "../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../keeper/lib/keccak.ts";
import { encodeRlp } from "../../keeper/lib/rlp.ts";
import type { Draw } from "./Draw.ts";
import type { StateTrie } from "./StateTrie.ts";

/** A list of books as a chain knows it. */
export interface BookSet {
  readonly version: number;
  readonly activeFrom: number;
  /** Indices of the world's contracts. */
  readonly books: readonly number[];
}

/** A block of one fork, with what an honest keeper that follows the fork knows there. */
export interface Block {
  readonly number: number;
  readonly parent: Block | null;
  /** The fields of the header, encoded below. */
  readonly fields: readonly Uint8Array[];
  readonly header: Hex;
  readonly hash: Hash;
  readonly state: StateTrie;
  /** Storage root of each of the world's contracts. */
  readonly roots: readonly Hash[];
  /** Book sets that this fork has announced up to here, oldest first. */
  readonly bookSets: readonly BookSet[];
}

/** What a block adds to its parent. */
export interface BlockContent {
  readonly number: number;
  readonly parent: Block | null;
  readonly state: StateTrie;
  readonly roots: readonly Hash[];
  readonly bookSets: readonly BookSet[];
}

/** Places of header fields. Source: Yellow Paper, 4.3. */
export const HEADER = { parentHash: 0, stateRoot: 3, number: 8, timestamp: 11, extraData: 12 } as const;

/** Numbers of fields: legacy, London, Shanghai, Cancun, Prague, and of chains that have more. */
const FIELD_COUNTS = [15, 16, 17, 20, 21, 21, 21, 22, 24] as const;
const SECONDS = 12;

/** The shape of a chain's headers, the varying fields left open. */
export function drawHeaderShape(draw: Draw): Uint8Array[] {
  const hash = () => hexToBytes(draw.hash());
  const quantity = () => bigintToBytes(BigInt(draw.below(2 ** 32)));
  const fields = [
    ...[hash(), hash(), hash().subarray(0, 20), hash(), hash(), hash()],
    ...[new Uint8Array(256), new Uint8Array(), new Uint8Array(), quantity(), quantity(), new Uint8Array()],
    ...[new Uint8Array(), hash(), new Uint8Array(8), quantity(), hash(), quantity(), quantity(), hash(), hash()],
    ...[quantity(), hash(), quantity()],
  ];
  return fields.slice(0, draw.pick(FIELD_COUNTS));
}

/** The block with its header sealed. Two blocks of the same content differ, as forks do. */
export function sealBlock(shape: readonly Uint8Array[], content: BlockContent, draw: Draw): Block {
  const { number, parent, state } = content;
  const fields = [...shape];
  if (parent !== null) fields[HEADER.parentHash] = hexToBytes(parent.hash);
  fields[HEADER.stateRoot] = hexToBytes(state.root());
  fields[HEADER.number] = bigintToBytes(BigInt(number));
  fields[HEADER.timestamp] = bigintToBytes(BigInt(number) * BigInt(SECONDS));
  fields[HEADER.extraData] = hexToBytes(draw.hash()).subarray(0, draw.between(8, 32));
  const rlp = encodeRlp(fields);
  return { ...content, fields, header: bytesToHex(rlp), hash: keccak256Hex(rlp) };
}

/** The book set that is valid for block `number` where these are announced. */
export function bookSetAt(bookSets: readonly BookSet[], number: number): BookSet {
  const found = bookSets.findLast(({ activeFrom }) => activeFrom <= number);
  if (found === undefined) throw new Error(`no book set is active in block ${number}`);
  return found;
}

/** Storage roots of the books at a block, in the order of the set. */
export function rootsOf(block: Block, { books }: BookSet): Hash[] {
  return books.map((book) => block.roots[book] as Hash);
}
