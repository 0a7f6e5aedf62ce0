import type { Hash, Hex } from "../../lib/hex.ts";
import type { Layout, LayoutArray, LayoutMapping, LayoutValue, LayoutVariable } from "./Layout.ts";
import { elementsPerWord, groupBySlot, slotsOf, typeOf } from "./layoutShape.ts";
import type { NamedSlot, PlainValue, SlotKey, WordField } from "./NamedSlot.ts";
import type { NameSlotsOptions } from "./nameSlot.ts";
import { plainKeySlot, keyCandidates } from "./plainKey.ts";
import { hashSlot, slotOf } from "./slots.ts";

/** Mapping keys worth trying, by Solidity type. */
export type Candidates = Readonly<Record<string, readonly PlainValue[]>>;

/** The way from the contract to where the search stands. */
interface Place {
  readonly variable: string;
  readonly path: string;
  readonly keys: readonly SlotKey[];
  /** Names of mapping keys still to come. */
  readonly keyNames: readonly string[];
}

const DEFAULT_MAX_ELEMENTS = 64;
const DEFAULT_MAX_HASHES = 2_000_000;
/** An array could not have grown further: 2^40 pushes cost more gas than the chain has had. */
const MAX_INDEX = 1n << 40n;
const WORD_MASK = (1n << 256n) - 1n;
const LENGTH: LayoutValue = { kind: "value", label: "uint256", elementary: "uint256", value: "uint", bytes: 32 };
const RAW: LayoutValue = { kind: "value", label: "bytes32", elementary: "bytes32", value: "bytes", bytes: 32 };

/** One walk over a layout: visits every word that the candidate keys reach and keeps those that were asked for. */
export class SlotSearch {
  readonly found = new Map<Hash, NamedSlot>();
  isOverBudget = false;

  readonly #layout: Layout;
  readonly #candidates: Candidates;
  readonly #slots: ReadonlyMap<bigint, Hash>;
  readonly #hashed: ReadonlySet<Hash>;
  readonly #wanted: number;
  readonly #maxElements: bigint;
  #hashesLeft: number;

  constructor(options: NameSlotsOptions) {
    this.#layout = options.layout;
    this.#candidates = options.candidates;
    this.#slots = new Map((options.slots ?? []).map((slot) => [BigInt(slot), slot]));
    this.#hashed = new Set(options.hashedSlots ?? []);
    this.#wanted = new Set([...(options.slots ?? []), ...this.#hashed]).size;
    this.#maxElements = BigInt(options.maxElements ?? DEFAULT_MAX_ELEMENTS);
    this.#hashesLeft = options.maxHashes ?? DEFAULT_MAX_HASHES;
  }

  /** Fills {@link found}, and {@link isOverBudget} when it had to stop early. */
  run(): void {
    this.#members(this.#layout.variables, 0n, null);
  }

  get #isDone(): boolean {
    return this.isOverBudget || this.found.size === this.#wanted;
  }

  /** A contract's variables (`parent` null) or a struct's members. */
  #members(members: readonly LayoutVariable[], base: bigint, parent: Place | null): void {
    for (const group of groupBySlot(members)) {
      if (this.#isDone) return;
      const first = group.variables[0];
      if (first === undefined) continue;
      const slot = base + group.slot;
      if (typeOf(this.#layout, first.type).kind === "value") this.#packedWord(group.variables, slot, parent);
      else this.#visit(first.type, slot, inside(parent, first));
    }
  }

  #packedWord(variables: readonly LayoutVariable[], slot: bigint, parent: Place | null): void {
    const first = variables[0] as LayoutVariable;
    const isAlone = variables.length === 1;
    const shared = parent ?? { variable: first.label, path: `slot ${slot}`, keys: [], keyNames: [] };
    const place = isAlone ? inside(parent, first) : shared;
    this.#word(slot, place, () =>
      variables.map((variable) => ({
        path: inside(parent, variable).path,
        label: variable.label,
        type: typeOf(this.#layout, variable.type) as LayoutValue,
        offset: variable.offset,
      })),
    );
  }

  #visit(id: string, slot: bigint, place: Place): void {
    if (this.#isDone) return;
    const type = typeOf(this.#layout, id);
    if (type.kind === "value") {
      this.#word(slot, place, () => [{ path: place.path, label: last(place), type, offset: 0 }]);
    } else if (type.kind === "struct") this.#members(type.members, slot, place);
    else if (type.kind === "mapping") this.#mapping(type, slot, place);
    else if (type.kind === "array") this.#array(type, slot, place);
    else this.#bytes(slot, place);
  }

  #mapping(type: LayoutMapping, slot: bigint, place: Place): void {
    const key = typeOf(this.#layout, type.key);
    const name = place.keyNames[0] ?? "";
    const base = slotOf(slot & WORD_MASK);
    for (const value of keyCandidates(key, this.#candidates)) {
      if (this.#isDone || !this.#spend()) return;
      const inner = {
        variable: place.variable,
        path: `${place.path}[${String(value)}]`,
        keys: [...place.keys, { type: key.label, name, value }],
        keyNames: place.keyNames.slice(1),
      };
      this.#visit(type.value, BigInt(plainKeySlot(key, base, value)), inner);
    }
  }

  #array(type: LayoutArray, slot: bigint, place: Place): void {
    let data = slot;
    if (type.length === null) {
      const label = "length";
      this.#word(slot, { ...place, path: `${place.path}.length` }, () => [
        { path: `${place.path}.length`, label, type: LENGTH, offset: 0 },
      ]);
      if (!this.#spend()) return;
      data = BigInt(hashSlot(slotOf(slot & WORD_MASK)));
    }
    const perWord = elementsPerWord(this.#layout, type.base);
    const step = slotsOf(this.#layout, type.base);
    const limit = type.length ?? MAX_INDEX;
    for (const unit of this.#unitsOf(data, step, (limit + perWord - 1n) / perWord)) {
      if (this.#isDone) return;
      const at = data + unit * step;
      if (perWord > 1n) this.#packedElements(type, at, unit * perWord, perWord, place);
      else this.#visit(type.base, at, element(place, unit));
    }
  }

  #packedElements(type: LayoutArray, slot: bigint, first: bigint, perWord: bigint, place: Place): void {
    const value = typeOf(this.#layout, type.base) as LayoutValue;
    const end = type.length !== null && first + perWord > type.length ? type.length : first + perWord;
    this.#word(slot, { ...place, path: `${place.path}[${first}..${end - 1n}]` }, () => {
      const fields: WordField[] = [];
      for (let index = first; index < end; index += 1n) {
        const label = `[${index}]`;
        fields.push({ path: place.path + label, label, type: value, offset: Number(index - first) * value.bytes });
      }
      return fields;
    });
  }

  /** Words beyond the first hold contents; they are searched as far as arrays are. */
  #bytes(slot: bigint, place: Place): void {
    this.#raw(slot, place, last(place));
    if (!this.#spend()) return;
    const data = BigInt(hashSlot(slotOf(slot & WORD_MASK)));
    for (const index of this.#unitsOf(data, 1n, MAX_INDEX)) {
      const label = `data[${index}]`;
      this.#raw(data + index, { ...place, path: `${place.path}.${label}` }, label);
    }
  }

  #raw(slot: bigint, place: Place, label: string): void {
    this.#word(slot, place, () => [{ path: place.path, label, type: RAW, offset: 0 }]);
  }

  /** Indices worth visiting: those that a wanted plain slot falls on, and the first few when hashed slots are wanted. */
  *#unitsOf(data: bigint, step: bigint, count: bigint): Generator<bigint> {
    const few = count < this.#maxElements ? count : this.#maxElements;
    if (this.#hashed.size > 0) for (let unit = 0n; unit < few; unit += 1n) yield unit;
    for (const slot of this.#slots.keys()) {
      const unit = (slot - data) / step;
      if (slot >= data && unit < count && (this.#hashed.size === 0 || unit >= few)) yield unit;
    }
  }

  #word(slot: bigint, place: Place, fields: () => WordField[]): void {
    const key = slotOf(slot & WORD_MASK);
    const plain = this.#slots.get(slot & WORD_MASK);
    const hashed = this.#hashed.size > 0 && this.#spend() ? hashSlot(key) : undefined;
    const wanted: Hex[] = [];
    if (plain !== undefined) wanted.push(plain);
    if (hashed !== undefined && this.#hashed.has(hashed)) wanted.push(hashed);
    if (wanted.length === 0) return;
    const { variable, path, keys } = place;
    for (const target of wanted) {
      this.found.set(target, { contract: this.#layout.contract, variable, path, keys, slot: key, fields: fields() });
    }
  }

  #spend(): boolean {
    this.#hashesLeft -= 1;
    if (this.#hashesLeft < 0) this.isOverBudget = true;
    return !this.isOverBudget;
  }
}

function inside(parent: Place | null, member: LayoutVariable): Place {
  const { label, keyNames } = member;
  if (parent === null) return { variable: label, path: label, keys: [], keyNames };
  return { ...parent, path: `${parent.path}.${label}`, keyNames };
}

function element(place: Place, index: bigint): Place {
  const keys = [...place.keys, { type: "index", name: "", value: index }];
  return { ...place, path: `${place.path}[${index}]`, keys };
}

/** `quote` of `accounts[0x…].quote`, `accounts` of `accounts[0x…]`. */
function last(place: Place): string {
  const dot = place.path.lastIndexOf(".");
  return dot < 0 ? place.variable : place.path.slice(dot + 1);
}
