import { GenerateError } from "./GenerateError.ts";
import { isDynamicType, parseAbiType, wordsOfAbi, type AbiType } from "./abiType.ts";
import { upperFirst } from "./names.ts";
import { hashText } from "./selectors.ts";
import type { AbiEntry, AbiParameter } from "./solcOutput.ts";
import { valueTsType } from "./valueCode.ts";

interface Field {
  readonly name: string;
  readonly type: AbiType;
  readonly isIndexed: boolean;
}

/** TypeScript source of one event: its interface and its decoder. */
export interface EventCode {
  readonly name: string;
  readonly topic0: string;
  readonly source: string;
}

/** Emits the interface and the strict decoder of every event of an ABI, in the order of their names. */
export function eventCodes(contract: string, abi: readonly AbiEntry[]): EventCode[] {
  const codes = new Map<string, EventCode>();
  for (const entry of abi) {
    if (entry.type !== "event") continue;
    const code = eventCode(contract, entry);
    const other = codes.get(code.name);
    // The same event declared by two interfaces is one event; only its exact repetition is harmless.
    if (other !== undefined && other.source !== code.source) {
      throw new GenerateError(`${contract}: two events are called ${code.name}; rename one`);
    }
    codes.set(code.name, code);
  }
  const decoders = new Map<string, string>([[contract, `any event of ${contract}`]]);
  for (const name of codes.keys()) {
    const taken = decoders.get(upperFirst(name));
    if (taken !== undefined) throw new GenerateError(`${contract}: the event ${name} and ${taken} have one name`);
    decoders.set(upperFirst(name), name);
  }
  return [...codes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function eventCode(contract: string, entry: AbiEntry): EventCode {
  const name = entry.name ?? "";
  if (entry.anonymous === true) throw new GenerateError(`${contract}: the event ${name} is anonymous`);
  const inputs = entry.inputs ?? [];
  const topic0 = hashText(signatureOf(name, inputs));
  const fields = inputs.map((input, index) => fieldOf(contract, name, input, index));
  const names = fields.map((field) => field.name);
  const twice = names.find((field, index) => names.indexOf(field) !== index);
  if (twice !== undefined) throw new GenerateError(`${contract}.${name}: two parameters are called ${twice}`);
  const declared = fields.map((field) => `readonly ${field.name}: ${fieldTsType(field)};`);
  const source = [
    `/** \`${name}(${inputs.map(describe).join(", ")})\` */`,
    `export interface ${name}Event { readonly name: "${name}"; ${declared.join(" ")} }`,
    "",
    `/** Strictly decodes ${name}; throws {@link DecodeError}. */`,
    decoderCode(name, topic0, fields),
  ].join("\n");
  return { name, topic0, source };
}

/** `Name(type,type)`, the text whose hash is an event's topic 0 and an error's selector. */
export function signatureOf(name: string, inputs: readonly AbiParameter[]): string {
  const typeText = (input: AbiParameter): string =>
    input.type.startsWith("tuple")
      ? `(${(input.components ?? []).map(typeText).join(",")})${input.type.slice("tuple".length)}`
      : input.type;
  return `${name}(${inputs.map(typeText).join(",")})`;
}

function fieldOf(contract: string, event: string, input: AbiParameter, index: number): Field {
  const label = input.name === "" ? `arg${index}` : input.name;
  const type = parseAbiType(`${contract}.${event}.${label}`, input);
  return { name: label === "name" ? "name_" : label, type, isIndexed: input.indexed === true };
}

function decoderCode(event: string, topic0: string, fields: readonly Field[]): string {
  const inData = fields.filter((field) => !field.isIndexed);
  const headWords = inData.reduce((sum, field) => sum + headWordsOf(field.type), 0);
  const hasTail = inData.some((field) => isDynamicType(field.type));
  const topicCount = 1 + fields.length - inData.length;
  const lines = [`checkLog("${event}", log, "${topic0}", ${topicCount}, ${hasTail ? "DYNAMIC" : headWords});`];
  const parts = [...(topicCount > 1 ? ["topics"] : []), ...(inData.length > 0 ? ["data"] : [])];
  if (parts.length > 0) lines.push(`const { ${parts.join(", ")} } = log;`);
  if (hasTail) lines.push(`let tail = ${headWords};`);
  const values: string[] = [];
  let head = 0;
  let topic = 1;
  for (const field of fields) {
    if (field.isIndexed) {
      values.push(`${field.name}: ${topicCode(event, field, topic)}`);
      topic += 1;
    } else if (isDynamicType(field.type)) {
      lines.push(...tailLines(event, field, head));
      values.push(`${field.name}: ${field.name}Value`);
      head += 1;
    } else {
      values.push(`${field.name}: ${readCode(event, field.name, field.type, { word: head })}`);
      head += wordsOfAbi(field.type);
    }
  }
  if (hasTail) lines.push(`checkEnd("${event}", data, tail);`);
  return `export function decode${upperFirst(event)}(log: LogData): ${event}Event {
    ${lines.join("\n")}
    return { name: "${event}", ${values.join(", ")} };
  }`;
}

function topicCode(event: string, field: Field, topic: number): string {
  const source = `topics[${topic}] as Hex`;
  if (field.type.kind !== "value") return source;
  return readValueCode(event, field.name, field.type, source, "2");
}

/** Statements that read one dynamic parameter at the running `tail` and move it on. */
function tailLines(event: string, field: Field, head: number): string[] {
  const { name, type } = field;
  const size = type.kind === "array" ? wordsOfAbi(type.base) : 0;
  const wordsOf = type.kind !== "array" ? "wordsOfBytes" : `(length) => length${size === 1 ? "" : ` * ${size}`}`;
  const lines = [`const ${name}Length = readTailLength("${event}", "${name}", data, ${head}, tail, ${wordsOf});`];
  if (type.kind === "array") {
    const element = readCode(event, `${name}[]`, type.base, { word: 0, from: `${name}At + ${64 * size} * i` });
    lines.push(
      `const ${name}At = 2 + 64 * (tail + 1);`,
      `const ${name}Value = Array.from({ length: ${name}Length }, (_, i) => ${asExpression(element)});`,
      `tail += 1 + ${name}Length${size === 1 ? "" : ` * ${size}`};`,
    );
  } else {
    lines.push(
      `const ${name}Value = readBytes("${event}", "${name}", data, tail, ${name}Length);`,
      `tail += 1 + wordsOfBytes(${name}Length);`,
    );
  }
  return lines;
}

/** Code that reads a static type at `word` words behind the position `from`, or behind the start of the data. */
function readCode(event: string, path: string, type: AbiType, at: { word: number; from?: string }): string {
  if (type.kind === "value") {
    const offset = 64 * at.word;
    const position = at.from === undefined ? String(2 + offset) : offset === 0 ? at.from : `${at.from} + ${offset}`;
    return readValueCode(event, path, type, "data", position);
  }
  if (type.kind === "tuple") {
    let word = at.word;
    const members = type.members.map((member) => {
      const code = readCode(event, `${path}.${member.name}`, member.type, { ...at, word });
      word += wordsOfAbi(member.type);
      return `${member.name}: ${code}`;
    });
    return `{ ${members.join(", ")} }`;
  }
  if (type.kind === "array" && type.length !== null) {
    const { base, length } = type;
    const size = wordsOfAbi(base);
    const elements = Array.from({ length }, (_, i) =>
      readCode(event, `${path}[${i}]`, base, { ...at, word: at.word + i * size }),
    );
    return `[${elements.join(", ")}]`;
  }
  throw new GenerateError(`${event}.${path}: not a static type`);
}

function readValueCode(
  event: string,
  path: string,
  type: AbiType & { kind: "value" },
  hex: string,
  at: string,
): string {
  const start = `("${event}", "${path}", ${hex}, ${at}`;
  if (type.value === "bool") return `readBool${start})`;
  if (type.value === "address") return `readAddress${start})`;
  if (type.value === "bytes") return `readFixedBytes${start}, ${type.bytes})`;
  return `${type.value === "uint" ? "readUint" : "readInt"}${start}, ${8 * type.bytes})`;
}

function headWordsOf(type: AbiType): number {
  return isDynamicType(type) ? 1 : wordsOfAbi(type);
}

function fieldTsType(field: Field): string {
  if (field.isIndexed && field.type.kind !== "value") return "Hash";
  return abiTsType(field.type);
}

function abiTsType(type: AbiType): string {
  if (type.kind === "value") return valueTsType(type);
  if (type.kind === "bytes") return "Hex";
  if (type.kind === "array") return `readonly (${abiTsType(type.base)})[]`;
  return `{ ${type.members.map((member) => `readonly ${member.name}: ${abiTsType(member.type)}`).join("; ")} }`;
}

function asExpression(code: string): string {
  return code.startsWith("{") ? `(${code})` : code;
}

function describe(input: AbiParameter): string {
  return `${input.internalType ?? input.type}${input.indexed === true ? " indexed" : ""} ${input.name}`.trim();
}
