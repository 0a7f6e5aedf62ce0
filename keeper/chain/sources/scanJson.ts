/** Deepest nesting that is taken; an answer of a node has about ten. */
export const MAX_JSON_DEPTH = 64;

/**
 * An answer of a node is made of hexadecimal words: a receipt with its logs has an object or a list for every 380 bytes of it
 * and a comma for every 65, an entry of an access list without keys has 37 and 37, an item of a batch that is null 43 and 14. What a text may
 * have freely covers short ones; a long one with more would cost the parser many times what a real answer does.
 */
const FREE = 4_096;
const BYTES_PER_CONTAINER = 32;
const BYTES_PER_COMMA = 16;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ID = /[ \n\r\t]*(\d{1,15})/y;

/** What a text would be built of, if it is JSON. Of one with a flaw, what was seen until there. */
export interface JsonShape {
  /** Objects and lists. */
  readonly containers: number;
  /** Names of members, each as often as it is written: colons outside strings. */
  readonly names: number;
  /** Whether a name is written with an escape. */
  readonly hasEscapedName: boolean;
  /** Whether the outermost container is a list. */
  readonly isList: boolean;
  /** The first `id` of the outermost object, or of an object in the outermost list, if it is a natural number. */
  readonly id: number | null;
  /** Why it must not be parsed; null when it may be. */
  readonly flaw: string | null;
}

/**
 * Looks at a text without parsing it: in one pass, and with no memory of its own. `JSON.parse` makes up to fifty bytes of one (of lists in
 * lists, of empty objects), and nobody can look at what it makes before it is done.
 */
export function scanJson(text: string): JsonShape {
  const hasEscapes = text.includes("\\");
  const maxContainers = FREE + Math.floor(text.length / BYTES_PER_CONTAINER);
  const maxCommas = FREE + Math.floor(text.length / BYTES_PER_COMMA);
  let containers = 0;
  let commas = 0;
  let names = 0;
  let depth = 0;
  let hasEscapedName = false;
  let id: number | null = null;
  let idDepth = 1;
  let flaw: string | null = null;
  let start = 0;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      start = at;
      end = hasEscapes ? closingQuote(text, at) : text.indexOf('"', at + 1);
      if (end === -1) break;
      at = end;
    } else if (code === 0x3a) {
      names++;
      if (hasEscapes && !hasEscapedName) hasEscapedName = text.slice(start, end).includes("\\");
      if (end - start === 3 && id === null && depth === idDepth && text.startsWith("id", start + 1)) {
        ID.lastIndex = at + 1;
        const digits = ID.exec(text)?.[1];
        if (digits !== undefined) id = Number(digits);
      }
    } else if (code === 0x2c) {
      if (++commas > maxCommas) flaw = "built of too many pieces for its length";
    } else if (code === 0x7b || code === 0x5b) {
      if (containers === 0 && code === 0x5b) idDepth = 2;
      if (++depth > MAX_JSON_DEPTH) flaw = `nested deeper than ${MAX_JSON_DEPTH}`;
      if (++containers > maxContainers) flaw = "built of too many objects and lists for its length";
    } else if (code === 0x7d || code === 0x5d) depth--;
    if (flaw !== null) break;
  }
  return { containers, names, hasEscapedName, isList: idDepth === 2, id, flaw };
}

/** Where the string that begins at `quote` ends, or -1. */
function closingQuote(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
