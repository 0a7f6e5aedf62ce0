import type { BookName } from "../../domain/bookSet.ts";
import type { Hash } from "../../lib/hex.ts";
import { keccakOfText } from "../../trie/naiveRoot.ts";
import { EMPTY_ROOT } from "../../trie/nodeEncoding.ts";
import type { Bundle } from "./Bundle.ts";
import { BundleProblem } from "./BundleProblem.ts";
import { blobOf } from "./bundleText.ts";
import type { StepTries } from "./judgeStep.ts";
import type { StepWrites } from "./replayStep.ts";
import { unpackNodes } from "./trieNodes.ts";
import type { ProvenSlot } from "./Verification.ts";
import { checked } from "./verifyChain.ts";
import { walkKey } from "./walkKey.ts";

/**
 * The words that the keeper located, each before the step, as the events leave it, and as the chain has it.
 *
 * @throws BundleProblem `invalid` for one that does not differ, or whose proof does not hold
 */
export function verifySlots(bundle: Bundle, tries: StepTries, writes: StepWrites): ProvenSlot[] {
  const { located } = bundle.manifest;
  const chainNodes = new Map<BookName, ReadonlyMap<string, string>>();
  const chainAt = (book: BookName, path: string): string => {
    const role = `chain-nodes/${book}`;
    let nodes = chainNodes.get(book);
    if (nodes === undefined) {
      nodes = unpackNodes(blobOf(bundle, role) ?? "", tries.after?.[book]?.storageRoot ?? EMPTY_ROOT, role);
      chainNodes.set(book, nodes);
    }
    const node = nodes.get(path);
    if (node !== undefined) return node;
    throw new BundleProblem("incomplete", "located-slots", role, `the node at "${path}" is missing`);
  };
  const hashes = new Map<BookName, Map<Hash, bigint>>();
  const impliedAt = (book: BookName, hashedSlot: Hash): bigint | undefined => {
    let ofBook = hashes.get(book);
    if (ofBook === undefined) {
      ofBook = new Map([...(writes.get(book) ?? [])].map(([slot, word]) => [hashOf(slot), word]));
      hashes.set(book, ofBook);
    }
    return ofBook.get(hashedSlot);
  };
  return located.map(({ contract, hashedSlot, slot, variable }) => {
    const where = `${contract} ${hashedSlot}`;
    if (slot !== null && hashOf(slot) !== hashedSlot) {
      throw new BundleProblem("invalid", "located-slots", "manifest", `${where}: its slot has another hash`);
    }
    const rootBefore = tries.before[contract]?.storageRoot ?? EMPTY_ROOT;
    const rootAfter = tries.after?.[contract]?.storageRoot ?? EMPTY_ROOT;
    const { before, chain } = checked("located-slots", `nodes/${contract}`, () => ({
      before: walkKey(rootBefore, hashedSlot, (path) => tries.nodeAt(contract, path)),
      chain: walkKey(rootAfter, hashedSlot, (path) => chainAt(contract, path)),
    }));
    const implied = impliedAt(contract, hashedSlot) ?? before;
    if (implied === chain) {
      throw new BundleProblem("invalid", "located-slots", "manifest", `${where}: the chain has what the events imply`);
    }
    return { contract, hashedSlot, slot, name: variable, before, implied, chain };
  });
}

function hashOf(slot: Hash): Hash {
  return `0x${keccakOfText(slot.slice(2))}`;
}
