import { evenDigits, pathText, referenceText, rlpString, rlpText } from "../../trie/naiveRoot.ts";

/*
 * Nodes of a storage trie, to and from their encoding, as hexadecimal text. Source: Yellow Paper, appendices B to D. A branch has
 * no value of its own, as all keys are equally long.
 */

/** What a parent holds of a node. */
export interface Link {
  /** The node's hash as RLP, or the node itself where it is shorter than 32 bytes; null until it is worked out anew. */
  reference: string | null;
  /** The node; null while nobody has asked for it. Then there is a reference. */
  node: NaiveNode | null;
}

/** A node. Never changed: another one takes its place. */
export type NaiveNode =
  /** `path`: the rest of the key's digits. `word`: the RLP of the word's bytes. */
  | { readonly kind: "leaf"; readonly path: string; readonly word: string }
  /** `path`: digits that all keys below share, at least one. Below it is a branch. */
  | { readonly kind: "extension"; readonly path: string; readonly child: Link }
  /** 16 children by their digit, at least two of them there. */
  | { readonly kind: "branch"; readonly children: readonly (Link | null)[] };

/** A word as leaves hold it. */
export function wordText(word: bigint): string {
  return rlpString(evenDigits(word));
}

/** The word that a leaf holds. */
export function wordOf(text: string): bigint {
  return BigInt(`0x${text.length === 2 ? text : text.slice(2)}`);
}

/** A node that is new, or was changed. */
export function linkTo(node: NaiveNode): Link {
  return { reference: null, node };
}

/** The node's encoding. Not for a node that nobody has asked for. */
export function encodeNode(node: NaiveNode): string {
  if (node.kind === "leaf") return rlpText(0xc0, pathText(node.path, true) + rlpString(node.word));
  if (node.kind === "extension") return rlpText(0xc0, pathText(node.path, false) + referenceOf(node.child));
  return rlpText(0xc0, `${node.children.map((child) => (child === null ? "80" : referenceOf(child))).join("")}80`);
}

/** What the parent's encoding holds of the node: worked out where it, or something below it, has changed. */
export function referenceOf(link: Link): string {
  if (link.reference === null && link.node !== null) link.reference = referenceText(encodeNode(link.node));
  return link.reference ?? "";
}

/** The node of an encoding; null when it is none. Children shorter than 32 bytes are read as well. */
export function decodeNode(text: string): NaiveNode | null {
  const list = itemAt(text, 0);
  const items = list?.isList === true && list.end === text.length ? itemsOf(list.payload) : [];
  if (items.length === 17) {
    return {
      kind: "branch",
      children: items.slice(0, 16).map(({ whole }) => (whole === "80" ? null : readLink(whole))),
    };
  }
  const [path, rest] = items;
  if (items.length !== 2 || path === undefined || rest === undefined) return null;
  const isOdd = path.payload[0] === "1" || path.payload[0] === "3";
  const digits = path.payload.slice(isOdd ? 1 : 2);
  if (path.payload[0] === "2" || path.payload[0] === "3") return { kind: "leaf", path: digits, word: rest.payload };
  return { kind: "extension", path: digits, child: readLink(rest.whole) };
}

function readLink(reference: string): Link {
  // Only a node that is not hashed is a list.
  return { reference, node: reference >= "c0" ? decodeNode(reference) : null };
}

interface Item {
  readonly isList: boolean;
  readonly payload: string;
  /** With its prefix. */
  readonly whole: string;
  readonly end: number;
}

function itemsOf(payload: string): Item[] {
  const items: Item[] = [];
  for (let at = 0; at < payload.length;) {
    const item = itemAt(payload, at);
    if (item === null) return [];
    items.push(item);
    at = item.end;
  }
  return items;
}

/** The RLP item that starts at a digit; null where the text ends within it. */
function itemAt(text: string, at: number): Item | null {
  const first = Number(`0x${text.slice(at, at + 2)}`);
  const isList = first >= 0xc0;
  const base = isList ? 0xc0 : 0x80;
  // A byte below 0x80 is its own payload. From 56 bytes on the prefix says in how many bytes the length is.
  const lengthBytes = Math.max(0, first - base - 55);
  const start = first < 0x80 ? at : at + 2 + 2 * lengthBytes;
  const long = Number(`0x0${text.slice(at + 2, at + 2 + 2 * lengthBytes)}`);
  const length = first < 0x80 ? 1 : lengthBytes > 0 ? long : first - base;
  const end = start + 2 * length;
  // What is no number is no length either.
  if (!(end <= text.length) || end === at) return null;
  return { isList, payload: text.slice(start, end), whole: text.slice(at, end), end };
}
