import type { KeysImage } from "../../books/KnownKeys.ts";
import { PartialTrie } from "../../books/naive/PartialTrie.ts";
import { BOOK_NAMES, type BookName } from "../../domain/bookSet.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import { EMPTY_ROOT } from "../../trie/nodeEncoding.ts";
import type { Bundle } from "./Bundle.ts";
import { BundleProblem } from "./BundleProblem.ts";
import { blobOf } from "./bundleText.ts";
import type { StepTries } from "./judgeStep.ts";
import { unpackNodes } from "./trieNodes.ts";
import { checked, verifyAccounts, type VerifiedHeaders } from "./verifyChain.ts";

/**
 * The contracts' tries before the step, of nodes that hang on proven roots.
 *
 * @throws BundleProblem; also whoever asks for a node that the bundle lacks gets one
 */
export function openTries(bundle: Bundle, { base, step }: VerifiedHeaders): StepTries {
  const before = verifyAccounts(bundle, base);
  if (before === null) {
    const detail = `the account proofs of block ${base.number}, before the step, are missing`;
    throw new BundleProblem("incomplete", "account-proofs", `accounts/${base.number}`, detail);
  }
  const after = verifyAccounts(bundle, step.at(-1) ?? base);
  const nodes = new Map<BookName, ReadonlyMap<string, string>>();
  for (const name of BOOK_NAMES) {
    const packed = blobOf(bundle, `nodes/${name}`);
    const root = before[name]?.storageRoot ?? EMPTY_ROOT;
    if (packed !== undefined) nodes.set(name, unpackNodes(packed, root, `nodes/${name}`));
  }
  const nodeAt = (book: BookName, path: string): string => {
    const node = nodes.get(book)?.get(path);
    if (node !== undefined) return node;
    const detail = `the replay needs the node of ${book} at "${path}", which the bundle lacks`;
    throw new BundleProblem("incomplete", "replay", `nodes/${book}`, detail);
  };
  return { before, after, nodeAt };
}

/** Words before the step, each through its proven path. */
export function wordsOf({ before, nodeAt }: StepTries): (book: BookName, slot: Hash) => bigint {
  const tries = new Map<BookName, PartialTrie>();
  for (const name of BOOK_NAMES) {
    tries.set(name, new PartialTrie(before[name]?.storageRoot ?? EMPTY_ROOT, (path) => nodeAt(name, path)));
  }
  return (book, slot) => checked("replay", `nodes/${book}`, () => (tries.get(book) as PartialTrie).get(slot));
}

/** The keys that earlier events have named: a claim, needed where words are repaired. */
export function keysOf(bundle: Bundle): KeysImage {
  const keys = blobOf(bundle, "keys");
  if (keys === undefined) {
    throw new BundleProblem("incomplete", "replay", "keys", "known keys are missing, and words are repaired");
  }
  return checked("replay", "keys", () => {
    const { accounts, others } = keys as { readonly accounts: readonly unknown[]; readonly others: readonly unknown[] };
    return { accounts: accounts.map((key) => readHex(key, 32)), others: others.map(readOther), unnamed: 0 };
  });
}

function readHex(key: unknown, bytes: number): Address {
  if (typeof key === "string" && new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`).test(key)) return key as Address;
  throw new Error(`a key is not ${bytes} bytes`);
}

function readOther(key: unknown): Address | bigint {
  return typeof key === "string" && /^\d{1,78}$/.test(key) ? BigInt(key) : readHex(key, 20);
}
