import { concatBytes } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "../../../keeper/lib/rlp.ts";
import type { SeededRandom } from "../../helpers/SeededRandom.ts";
import type { RealProof } from "./realProofs.ts";

/** A proof with something changed. */
export interface MutatedProof {
  readonly proof: RealProof;
  /** What was changed. */
  readonly mutation: string;
  /** Whether the root follows the change: it is then that of a trie which no client wrote. */
  readonly isRehashed: boolean;
}

/** Changes of a node's bytes. */
const BYTE_CHANGES: Readonly<Record<string, (node: Uint8Array, random: SeededRandom) => Uint8Array>> = {
  flipBit: (node, random) => {
    const at = random.below(node.length);
    return node.map((byte, index) => (index === at ? byte ^ (1 << random.below(8)) : byte));
  },
  setByte: (node, random) => {
    const at = random.below(Math.min(8, node.length));
    return node.with(at, random.below(256));
  },
  insertByte: (node, random) => splice(node, random.below(node.length + 1), 0, Uint8Array.of(random.below(256))),
  dropByte: (node, random) => splice(node, random.below(node.length), 1),
  cutEnd: (node, random) => node.slice(0, random.below(node.length)),
  appendByte: (node, random) => concatBytes([node, Uint8Array.of(random.below(3))]),
};

/** Changes of the list that a node is. */
const ITEM_CHANGES: Readonly<Record<string, (items: RlpItem[], random: SeededRandom) => RlpItem[]>> = {
  clearItem: (items, random) => items.with(random.below(items.length), new Uint8Array()),
  setItem: (items, random) => items.with(random.below(items.length), hexToBytes(random.hex(random.below(34)))),
  setLast: (items, random) => items.with(-1, hexToBytes(random.hex(random.below(40)))),
  addItem: (items) => [...items, new Uint8Array()],
  dropItem: (items, random) => items.toSpliced(random.below(items.length), 1),
  listItem: (items, random) => items.with(random.below(items.length), [hexToBytes(random.hex(random.below(20)))]),
  swapItems: (items, random) => {
    const [first, second] = [random.below(items.length), random.below(items.length)];
    return items.with(first, items[second]!).with(second, items[first]!);
  },
  setFlag: (items, random) => {
    const path = items[0];
    if (!(path instanceof Uint8Array) || path.length === 0) return items;
    return items.with(0, path.with(0, (random.below(6) << 4) | (random.bool() ? path[0]! & 15 : random.below(16))));
  },
  wrapValue: (items) => {
    const last = items.at(-1)!;
    return last instanceof Uint8Array ? items.with(-1, encodeRlp(last)) : items;
  },
  longForm: (items) => {
    const last = items.at(-1)!;
    return last instanceof Uint8Array ? items.with(-1, concatBytes([Uint8Array.of(0xb8), last])) : items;
  },
};

/** Changes of the list of nodes. */
const LIST_CHANGES: Readonly<Record<string, (nodes: Hex[], random: SeededRandom, other: RealProof) => Hex[]>> = {
  dropNode: (nodes, random) => nodes.toSpliced(random.below(nodes.length), 1),
  duplicateNode: (nodes, random) => {
    const at = random.below(nodes.length);
    return nodes.toSpliced(random.below(nodes.length + 1), 0, nodes[at]!);
  },
  swapNodes: (nodes, random) => {
    const [first, second] = [random.below(nodes.length), random.below(nodes.length)];
    return nodes.with(first, nodes[second]!).with(second, nodes[first]!);
  },
  appendNode: (nodes, random, other) => [...nodes, other.nodes[random.below(other.nodes.length)]!],
  replaceNode: (nodes, random, other) =>
    nodes.with(random.below(nodes.length), other.nodes[random.below(other.nodes.length)]!),
  cutProof: (nodes, random) => nodes.slice(0, random.below(nodes.length)),
};

function splice(bytes: Uint8Array, at: number, drop: number, insert: Uint8Array = new Uint8Array()): Uint8Array {
  return concatBytes([bytes.slice(0, at), insert, bytes.slice(at + drop)]);
}

function pick<T>(random: SeededRandom, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

/** The node with its bytes or, half the time, its items changed. */
function changeNode(node: Hex, random: SeededRandom): [mutation: string, changed: Uint8Array] {
  const bytes = hexToBytes(node);
  if (random.bool()) {
    const [name, change] = pick(random, Object.entries(BYTE_CHANGES));
    return [name, change(bytes, random)];
  }
  const items = decodeRlp(bytes) as RlpItem[];
  const [name, change] = pick(random, Object.entries(ITEM_CHANGES));
  return [name, encodeRlp(change(items, random))];
}

/** The nodes with the one at `at` changed, and every hash above it following. */
function rehash(nodes: readonly Hex[], at: number, changed: Uint8Array): Hex[] {
  const result = [...nodes];
  let [before, after]: [Uint8Array, Uint8Array] = [hexToBytes(nodes[at]!), changed];
  result[at] = bytesToHex(after);
  for (let above = at - 1; above >= 0; above -= 1) {
    const parent = nodes[above]!;
    // Embedded nodes stand in their parent as they are.
    const [from, to] =
      before.length < 32 ? [before, after] : ([keccak256(before), keccak256(after)] as [Uint8Array, Uint8Array]);
    before = hexToBytes(parent);
    after = hexToBytes(parent.replace(bytesToHex(from).slice(2), bytesToHex(to).slice(2)));
    result[above] = bytesToHex(after);
  }
  return result;
}

/** Changes one thing of a proof, drawn from all that this file knows; `other` is where foreign nodes and keys come from. */
export function mutateProof(proof: RealProof, other: RealProof, random: SeededRandom): MutatedProof {
  const { nodes } = proof;
  const kind = random.below(20);
  if (kind === 0) return { proof: { ...proof, root: other.root }, mutation: "otherRoot", isRehashed: false };
  if (kind === 1) {
    const key = random.bool() && other.kind === proof.kind ? other.key : random.hex((proof.key.length - 2) / 2);
    return { proof: { ...proof, key }, mutation: "otherKey", isRehashed: false };
  }
  if (kind < 6) {
    const [mutation, change] = pick(random, Object.entries(LIST_CHANGES));
    return { proof: { ...proof, nodes: change([...nodes], random, other) }, mutation, isRehashed: false };
  }
  const at = random.below(nodes.length);
  const [mutation, changed] = changeNode(nodes[at]!, random);
  if (kind < 10) {
    return { proof: { ...proof, nodes: nodes.with(at, bytesToHex(changed)) }, mutation, isRehashed: false };
  }
  const rehashed = rehash(nodes, at, changed);
  const root: Hash = keccak256Hex(hexToBytes(rehashed[0]!));
  return { proof: { ...proof, root, nodes: rehashed }, mutation, isRehashed: true };
}
