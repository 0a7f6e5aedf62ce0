import type { Layout, LayoutVariable } from "../../books/layout/Layout.ts";
import { typeOf } from "../../books/layout/layoutShape.ts";
import type { NamedSlot } from "../../books/layout/NamedSlot.ts";
import { nameSlots } from "../../books/layout/nameSlot.ts";
import { addSlot, hashSlot } from "../../books/layout/slots.ts";
import { valueMappingsOf } from "../../books/layout/valueMappings.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import type { SlotDifference } from "../../trie/Descent.ts";
import { byType, type Candidates } from "../nameDifferences.ts";
import { walkSlots, type WalkedSlot } from "./walkSlots.ts";

/** What is to be named, and from what. */
export interface NamingQuestion {
  readonly layout: Layout;
  readonly differences: readonly SlotDifference[];
  /** Few, and likely: tried in every place that they fit. */
  readonly likely: Candidates;
  /** All accounts that are known: tried one after the other. */
  readonly accounts: Iterable<Hex>;
}

/** Of the likely keys' places so many at most are tried in one go; in the walk the keys are tried again. */
const MAX_LIKELY_HASHES = 1_500;
const MAX_LIKELY_ACCOUNTS = 16;
/** Accounts that are tried at once where a variable's mappings lie within structs. */
const GROUP = 32;
const NOTHING: Candidates = { accounts: [], addresses: [], words: [], numbers: [], lanes: [] };
/** Hashes of the walk over all accounts at most. */
const MAX_HASHES = 8_000_000;

/**
 * Finds the names of differing slots, a slice at a time: a million accounts have more slots than one step of the core may hash.
 * First the likely keys are tried, then all others in turn; what is known as a slot costs one hash a place, what is known by its
 * hash alone two.
 */
export class Naming {
  /** By hashed slot. */
  readonly names = new Map<Hash, NamedSlot>();
  readonly #question: NamingQuestion;
  /** The layout's variables whose places are not all walked. */
  readonly #nested: Layout;
  /** Slots that are not named yet, and by their hash those of which nothing else is known. */
  readonly #slots = new Map<Hash, Hash>();
  readonly #hashed = new Set<Hash>();
  #walk: Generator<WalkedSlot | Hex[]> | null = null;
  #isDone = false;
  #isExhaustive = false;
  #hashes = 0;

  constructor(question: NamingQuestion) {
    this.#question = question;
    const { layout } = question;
    const walked = new Set(valueMappingsOf(layout).map(({ variable }) => variable));
    const isNested = ({ label, type }: LayoutVariable): boolean => {
      return typeOf(layout, type).kind === "mapping" && (!walked.has(label) || holdsMapping(layout, type));
    };
    this.#nested = { ...layout, variables: layout.variables.filter(isNested) };
    for (const { slot, hashedSlot } of question.differences) {
      if (slot === undefined) this.#hashed.add(hashedSlot);
      else this.#slots.set(slot, hashedSlot);
    }
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Every key that is known was tried in every place where it fits: what is not named cannot be. */
  get isExhaustive(): boolean {
    return this.#isExhaustive;
  }

  /** Goes on with about so many hashes. */
  advance(hashes: number): void {
    if (this.#isDone) return;
    if (this.#walk === null) {
      this.#nameLikely();
      this.#walk = this.#walkAll();
      this.#endIfNamed();
    }
    for (let left = hashes; left > 0 && !this.#isDone;) {
      const next = this.#walk.next();
      if (next.done === true) {
        this.#isDone = true;
        this.#isExhaustive = true;
        return;
      }
      const spent = Array.isArray(next.value) ? this.#nameNested(next.value) : 1 + this.#match(next.value);
      left -= spent;
      this.#hashes += spent;
      if (this.#hashes >= MAX_HASHES) this.#isDone = true;
    }
  }

  #endIfNamed(): void {
    if (this.#slots.size > 0 || this.#hashed.size > 0) return;
    this.#isDone = true;
    this.#isExhaustive = true;
  }

  #nameLikely(): void {
    const { layout, likely } = this.#question;
    // Variables that are no mappings come first: no key may use up what they need.
    this.#resolve({ layout, candidates: byType(NOTHING), maxHashes: MAX_LIKELY_HASHES });
    if (this.#isDone) return;
    const accounts = likely.accounts.slice(0, MAX_LIKELY_ACCOUNTS);
    this.#resolve({ layout, candidates: byType({ ...likely, accounts }), maxHashes: MAX_LIKELY_HASHES });
  }

  /** Places of the likely accounts, then of all; at last accounts by the group, for variables that no walk goes through. */
  *#walkAll(): Generator<WalkedSlot | Hex[]> {
    const { layout, accounts, likely } = this.#question;
    yield* walkSlots(layout, likely.accounts, likely);
    yield* walkSlots(layout, accounts, likely);
    if (this.#nested.variables.length === 0) return;
    let group: Hex[] = [];
    for (const account of both(likely.accounts, accounts)) {
      group.push(account);
      if (group.length < GROUP) continue;
      yield group;
      group = [];
    }
    yield group;
  }

  /** Tries accounts in variables that are mappings within structs; about the hashes that it took. */
  #nameNested(accounts: readonly Hex[]): number {
    const { likely } = this.#question;
    const candidates = byType({ ...likely, accounts, words: [] });
    this.#resolve({ layout: this.#nested, candidates, maxHashes: MAX_LIKELY_HASHES });
    return Math.min(MAX_LIKELY_HASHES, accounts.length * (1 + likely.addresses.length));
  }

  /** Compares what the walk reached with what is looked for; the hashes that it took. */
  #match({ slot, words, keys }: WalkedSlot): number {
    for (let offset = 0; offset < words; offset += 1) {
      const word = offset === 0 ? slot : addSlot(slot, BigInt(offset));
      const isWanted = this.#slots.has(word) || (this.#hashed.size > 0 && this.#hashed.has(hashSlot(word)));
      if (!isWanted) continue;
      const [accounts, addresses, numbers] = [
        keys.filter((key) => typeof key === "string" && key.length === 66) as Hash[],
        keys.filter((key) => typeof key === "string" && key.length === 42) as Hex[],
        keys.filter((key) => typeof key === "bigint"),
      ];
      const candidates = byType({ accounts, addresses, words: [], numbers, lanes: numbers });
      this.#resolve({ layout: this.#question.layout, candidates, maxHashes: MAX_LIKELY_HASHES });
    }
    return this.#hashed.size > 0 ? words : 0;
  }

  #resolve(options: Pick<Parameters<typeof nameSlots>[0], "layout" | "candidates" | "maxHashes">): void {
    const { names } = nameSlots({ ...options, slots: [...this.#slots.keys()], hashedSlots: [...this.#hashed] });
    for (const [target, name] of names) {
      const hashedSlot = this.#slots.get(target) ?? target;
      this.names.set(hashedSlot, name);
      this.#slots.delete(target);
      this.#hashed.delete(target);
    }
    this.#endIfNamed();
  }
}

function* both(first: Iterable<Hex>, second: Iterable<Hex>): Generator<Hex> {
  yield* first;
  yield* second;
}

/** Whether the values of a mapping hold mappings or arrays of their own. */
function holdsMapping(layout: Layout, id: string): boolean {
  const type = typeOf(layout, id);
  if (type.kind === "mapping") return holdsMapping(layout, type.value);
  if (type.kind === "struct")
    return type.members.some(
      (member) => typeOf(layout, member.type).kind === "mapping" || holdsMapping(layout, member.type),
    );
  return type.kind === "array" || type.kind === "bytes";
}
