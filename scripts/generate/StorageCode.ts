import type {
  Layout,
  LayoutArray,
  LayoutMapping,
  LayoutValue,
  LayoutVariable,
} from "../../keeper/books/layout/Layout.ts";
import { elementsPerWord, groupBySlot, slotsOf, typeOf } from "../../keeper/books/layout/layoutShape.ts";
import { GenerateError } from "./GenerateError.ts";
import { accessorName, parameterName, pascalCase } from "./names.ts";
import {
  computedSlot,
  constantSlot,
  slotOfData,
  slotPlus,
  slotPlusCode,
  slotSource,
  type SlotCode,
} from "./SlotCode.ts";
import { decodeValueCode, encodeValueCode, mappingSlotCode, valueTsType } from "./valueCode.ts";

/** Where the emitter stands: what leads there and what it is called. */
interface Place {
  readonly slot: SlotCode;
  /** Parameters of `slot(...)`, as `name: type`. */
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
  /** Accessor path, as error messages show it: `accounts.quote`. */
  readonly path: string;
  readonly keyNames: readonly string[];
}

/** Emits the `storage` object of one contract and the interfaces of its packed words. */
export class StorageCode {
  readonly #layout: Layout;
  readonly #interfaces = new Map<string, string>();
  /** Structs around the place, from the outside in: one that contains itself has no end. */
  readonly #around: string[] = [];

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** TypeScript source: interfaces, then `export const storage`. */
  emit(): string {
    const root: Place = { slot: constantSlot(0n), parameters: [], path: "", keyNames: [] };
    const body = this.#members(this.#layout.variables, root);
    return [
      ...this.#interfaces.values(),
      `/** Slots and packing of ${this.#layout.contract}, by variable. */
       export const storage = ${body} as const;`,
    ].join("\n\n");
  }

  #members(members: readonly LayoutVariable[], place: Place): string {
    const entries = new Map<string, string>();
    const put = (name: string, code: string, comment: string): void => {
      if (entries.has(name)) throw this.#error(place, `two members are called ${name} without their underscores`);
      entries.set(name, `\n/** ${comment} */\n${JSON.stringify(name)}: ${code}`);
    };
    for (const group of groupBySlot(members)) {
      const slot = slotPlus(place.slot, group.slot);
      const [first] = group.variables;
      if (first === undefined) continue;
      if (group.variables.length > 1) {
        const name = `word${group.slot}`;
        const inner = { ...place, slot, path: join(place.path, name) };
        put(name, this.#packedWord(group.variables, inner), group.variables.map(declaration).join(", "));
      } else {
        const name = accessorName(first.label);
        const inner = { ...place, slot, path: join(place.path, name), keyNames: first.keyNames };
        put(name, this.#type(first.type, inner), declaration(first));
      }
    }
    return `{ ${[...entries.values()].join(", ")} }`;
  }

  #type(id: string, place: Place): string {
    const type = typeOf(this.#layout, id);
    let code: string;
    if (type.kind === "value") code = this.#value(type, place);
    else if (type.kind === "mapping") code = this.#mapping(type, place);
    else if (type.kind === "array") code = this.#array(type, place);
    else if (type.kind === "bytes") code = this.#bytes(place);
    else if (type.slots === 1n && type.members.every((member) => typeOf(this.#layout, member.type).kind === "value")) {
      code = this.#packedWord(type.members, place);
    } else {
      if (this.#around.includes(id)) throw this.#error(place, `${type.label} contains itself`);
      this.#around.push(id);
      code = this.#members(type.members, place);
      this.#around.pop();
    }
    return code;
  }

  #value(type: LayoutValue, place: Place): string {
    const ts = valueTsType(type);
    const encoded = encodeValueCode(type, place.path, "value");
    // A value that leaves a part of its word to nobody is written without that part.
    const update = `, update: (word: bigint, value: ${ts}): bigint => (word & ${keptBits(type, 0)}) | ${encoded}`;
    return `{ ${slotMember(place)},
      encode: (value: ${ts}): bigint => ${encoded},
      decode: (word: bigint): ${ts} => ${decodeValueCode(type, "word")}${type.bytes < 32 ? update : ""} }`;
  }

  #packedWord(members: readonly LayoutVariable[], place: Place): string {
    const path = pascalCase(place.path);
    const name = /Word\d+$/.test(path) ? path : `${path}Word`;
    const fields = members.map((member) => ({
      name: accessorName(member.label),
      label: member.label,
      offset: member.offset,
      type: typeOf(this.#layout, member.type) as LayoutValue,
    }));
    if (new Set(fields.map((field) => field.name)).size !== fields.length) {
      throw this.#error(place, "two fields have the same name without their underscores");
    }
    const declared = fields.map(
      ({ name: field, type }) => `/** ${type.label} */ readonly ${field}: ${valueTsType(type)};`,
    );
    if (this.#interfaces.has(name)) throw this.#error(place, `two words are called ${name}`);
    this.#interfaces.set(
      name,
      `/** A word of \`${place.path}\`, low-order field first. */\nexport interface ${name} { ${declared.join("\n")} }`,
    );
    const encoded = fields.map(({ name: field, offset, type }) => {
      const code = encodeValueCode(type, join(place.path, field), `fields.${field}`);
      return offset === 0 ? code : `(${code} << ${8 * offset}n)`;
    });
    const decoded = fields.map(
      ({ name: field, offset, type }) =>
        `${field}: ${decodeValueCode(type, offset === 0 ? "word" : `word >> ${8 * offset}n`)}`,
    );
    const updated = fields.map(({ name: field, offset, type }, index) => {
      const kept = `next & ${keptBits(type, offset)}`;
      return `if (fields.${field} !== undefined) next = (${kept}) | ${encoded[index] ?? ""};`;
    });
    const owned = fields.reduce((bits, { type, offset }) => bits | fieldBits(type, offset), 0n);
    return `{ ${slotMember(place)},
      mask: ${hexLiteral(owned)},
      encode: (fields: ${name}): bigint => ${encoded.join(" | ")},
      update: (word: bigint, fields: Partial<${name}>): bigint => {
        let next = word;
        ${updated.join("\n")}
        return next;
      },
      decode: (word: bigint): ${name} => ({ ${decoded.join(", ")} }) }`;
  }

  #mapping(type: LayoutMapping, place: Place): string {
    const key = typeOf(this.#layout, type.key);
    const taken = place.parameters.map(({ name }) => name);
    const name = parameterName(place.keyNames[0] ?? "", `key${taken.length}`, taken);
    const field = `${place.path}[${name}]`;
    const base = slotSource(place.slot);
    let code: string;
    if (key.kind === "value") code = mappingSlotCode(key, field, base, name);
    else code = `dynamicKeySlot(${JSON.stringify(field)}, ${base}, ${name})`;
    return this.#type(type.value, {
      slot: computedSlot(code),
      parameters: [...place.parameters, { name, type: key.kind === "value" ? valueTsType(key) : "Hex" }],
      path: place.path,
      keyNames: place.keyNames.slice(1),
    });
  }

  #array(type: LayoutArray, place: Place): string {
    const isDynamic = type.length === null;
    const start = isDynamic ? slotOfData(place.slot) : place.slot;
    const taken = place.parameters.map(({ name }) => name);
    const name = parameterName("", "index", taken);
    const field = JSON.stringify(`${place.path}[${name}]`);
    const index = isDynamic ? `uintBits(${field}, ${name}, 64)` : `indexWithin(${field}, ${name}, ${type.length}n)`;
    const perWord = elementsPerWord(this.#layout, type.base);
    const step = slotsOf(this.#layout, type.base);
    const inner: Place = {
      slot: slotPlusCode(start, perWord > 1n ? `${index} / ${perWord}n` : step > 1n ? `${index} * ${step}n` : index),
      parameters: [...place.parameters, { name, type: "bigint" }],
      path: `${place.path}.at`,
      keyNames: place.keyNames,
    };
    const element = perWord > 1n ? this.#packedElement(type, inner) : this.#type(type.base, inner);
    if (!isDynamic) return `{ at: ${element} }`;
    const length: LayoutValue = { kind: "value", label: "uint256", elementary: "uint256", value: "uint", bytes: 32 };
    return `{ length: ${this.#value(length, { ...place, path: `${place.path}.length` })}, at: ${element} }`;
  }

  /** Several elements share a word, so one element is read from and written into a word that is already known. */
  #packedElement(type: LayoutArray, place: Place): string {
    const base = typeOf(this.#layout, type.base) as LayoutValue;
    const perWord = elementsPerWord(this.#layout, type.base);
    const bits = 8 * base.bytes;
    const shift = `(index % ${perWord}n) * ${bits}n`;
    const ts = valueTsType(base);
    return `{ ${slotMember(place)},
      read: (word: bigint, index: bigint): ${ts} => ${decodeValueCode(base, `word >> (${shift})`)},
      write: (word: bigint, index: bigint, value: ${ts}): bigint =>
        replaceBits(word, ${shift}, ${bits}n, ${encodeValueCode(base, place.path, "value")}) }`;
  }

  #bytes(place: Place): string {
    const path = JSON.stringify(place.path);
    const taken = place.parameters.map(({ name }) => name);
    const name = parameterName("", "index", taken);
    const data: Place = {
      ...place,
      slot: slotPlusCode(slotOfData(place.slot), `uintBits(${path}, ${name}, 64)`),
      parameters: [...place.parameters, { name, type: "bigint" }],
    };
    return `{ ${slotMember(place)}, ${slotMember(data).replace(/^slot/, "dataSlot")},
      encode: (value: Hex): bigint[] => encodeBytesWords(${path}, value),
      decode: (words: readonly bigint[]): Hex => decodeBytesWords(${path}, words) }`;
  }

  #error(place: Place, message: string): GenerateError {
    const { contract } = this.#layout;
    return new GenerateError(`${place.path === "" ? contract : join(contract, place.path)}: ${message}`);
  }
}

/** The bits of a value in its word. */
function fieldBits({ bytes }: LayoutValue, offset: number): bigint {
  return ((1n << BigInt(8 * bytes)) - 1n) << BigInt(8 * offset);
}

/** Code of the bits of a word that writing the value leaves as they are. */
function keptBits(type: LayoutValue, offset: number): string {
  return hexLiteral(((1n << 256n) - 1n) ^ fieldBits(type, offset));
}

function hexLiteral(bits: bigint): string {
  return `0x${bits.toString(16)}n`;
}

function slotMember(place: Place): string {
  if (place.parameters.length === 0) return `slot: ${slotSource(place.slot)}`;
  const parameters = place.parameters.map(({ name, type }) => `${name}: ${type}`).join(", ");
  return `slot: (${parameters}): Hash => ${slotSource(place.slot)}`;
}

function declaration(variable: LayoutVariable): string {
  return `\`${variable.type} ${variable.label}\``;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
