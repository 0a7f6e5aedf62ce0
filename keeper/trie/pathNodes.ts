import { bytesToNibbles, bigintToBytes } from "../lib/bytes.ts";
import { hexToBytes } from "../lib/hex.ts";
import { encodeRlp } from "../lib/rlp.ts";
import type { ComparedWords } from "./ComparedWords.ts";
import { encodeBranch, encodeExtension, encodeLeaf } from "./nodeEncoding.ts";

/**
 * The encoding of the node that a branch of the canonical trie holds for the words whose hash starts with these nibbles; null
 * when there are none. Of an empty path it is the root's. For who can check it: it comes from what the trie remembers of
 * hashes, and is as right as that. Costs a few look-ups, however large the trie is.
 */
export function nodeAt(trie: ComparedWords, path: readonly number[]): Uint8Array | null {
  const entries = trie.entriesUnder(path);
  const [first, second] = [entries.next(), entries.next()];
  if (first.done === true) return null;
  const { hashedSlot, value } = first.value;
  const key = hexToBytes(hashedSlot);
  if (second.done === true) return encodeLeaf(key, path.length, encodeRlp(bigintToBytes(value)));
  const nibbles = bytesToNibbles(key);
  const other = bytesToNibbles(hexToBytes(second.value.hashedSlot));
  // No further than the first two keys part; their branch is there, or above where others part.
  for (let depth = path.length; nibbles[depth - 1] === other[depth - 1] || depth === path.length; depth += 1) {
    const fork = nibbles.slice(0, depth);
    const children = trie.childRefsAt(fork);
    if (children.filter((child) => child !== null).length < 2) continue;
    if (depth === path.length) return encodeBranch(children).slice();
    const branch = trie.nodeRefAt(fork);
    return branch === null ? null : encodeExtension(key, path.length, depth, branch);
  }
  return null;
}
