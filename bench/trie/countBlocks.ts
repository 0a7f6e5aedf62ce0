/** How many messages of 1, 2, 3 and 4 blocks are hashed. */
export type BlockCounts = readonly [number, number, number, number];

/** Keys as digits, sorted, by what is done with them. */
export interface KeyChanges {
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** The order of keys. */
export function compareDigits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Sorted keys from `start` to `end`: those under one path. */
interface Range {
  readonly keys: readonly string[];
  readonly start: number;
  readonly end: number;
}

const BLOCK_BYTES = 136;
/** A leaf with a word of 32 bytes and a path of whole length: 34 + 34 bytes and a prefix of 2. An extension: less. */
const SHORT_NODE = 1;

/**
 * What has to be hashed for a trie's new root: each node whose encoding changed, once, and each new slot. Counted from
 * the keys alone, where all words have 32 bytes, so that no node is embedded.
 */
export function countBlocks(before: readonly string[], { changed, added, removed }: KeyChanges): BlockCounts {
  const counts: [number, number, number, number] = [added.length, 0, 0, 0];
  const gone = new Set(removed);
  const after = merge(gone.size === 0 ? before : before.filter((key) => !gone.has(key)), added);
  const touched = [...changed, ...added, ...removed].sort(compareDigits);
  const whole = (keys: readonly string[]): Range => ({ keys, start: 0, end: keys.length });
  const noteBranch = (children: number): void => {
    const payload = 17 + 32 * children;
    const index = Math.floor((payload + (payload > 255 ? 3 : 2)) / BLOCK_BYTES);
    counts[index as 0 | 1 | 2 | 3] += 1;
  };
  /** The node over these keys, whose path starts at `depth`; `isNew` when its parent is new. */
  const visit = (now: Range, old: Range, writes: Range, depth: number, isNew: boolean): void => {
    const size = now.end - now.start;
    if (size === 0 || (writes.end === writes.start && !isNew)) return;
    const fork = size === 1 ? 64 : forkOf(now);
    if (fork === 64) {
      counts[0] += SHORT_NODE;
      return;
    }
    if (fork > depth) counts[0] += SHORT_NODE;
    const wasHere = old.end - old.start > 1 && forkOf(old) === fork;
    let children = 0;
    let [at, oldAt, writeAt] = [now.start, old.start, writes.start];
    while (at < now.end) {
      const digit = now.keys[at]?.[fork] ?? "";
      const prefix = (now.keys[at] ?? "").slice(0, fork + 1);
      const [end, oldStart, writeStart] = [
        upper(now, at, prefix),
        lower(old, oldAt, prefix),
        lower(writes, writeAt, prefix),
      ];
      const [oldEnd, writeEnd] = [upper(old, oldStart, prefix), upper(writes, writeStart, prefix)];
      const below = { keys: now.keys, start: at, end };
      visit(
        below,
        { keys: old.keys, start: oldStart, end: oldEnd },
        { keys: writes.keys, start: writeStart, end: writeEnd },
        fork + 1,
        !wasHere,
      );
      [at, oldAt, writeAt] = [end, oldEnd, writeEnd];
      children += digit === "" ? 0 : 1;
    }
    noteBranch(children);
  };
  visit(whole(after), whole(before), whole(touched), 0, true);
  return counts;
}

/** The first digit in which the first and the last key differ. */
function forkOf({ keys, start, end }: Range): number {
  const [first = "", last = ""] = [keys[start], keys[end - 1]];
  let fork = 0;
  while (fork < 64 && first[fork] === last[fork]) fork += 1;
  return fork;
}

/** The first place from `from` on that holds a key of this prefix, or one after it. */
function lower({ keys, end }: Range, from: number, prefix: string): number {
  return search(keys, from, end, (key) => key < prefix);
}

/** The first place from `from` on whose key comes after all of this prefix. */
function upper({ keys, end }: Range, from: number, prefix: string): number {
  return search(keys, from, end, (key) => key.startsWith(prefix) || key < prefix);
}

function search(keys: readonly string[], from: number, to: number, isBefore: (key: string) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(keys[middle] ?? "")) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merge(left: readonly string[], right: readonly string[]): readonly string[] {
  if (right.length === 0 || left.length === 0) return left.length === 0 ? right : left;
  const merged: string[] = [];
  let at = 0;
  for (const key of left) {
    for (; at < right.length && (right[at] ?? "") < key; at += 1) merged.push(right[at] ?? "");
    merged.push(key);
  }
  return [...merged, ...right.slice(at)];
}
