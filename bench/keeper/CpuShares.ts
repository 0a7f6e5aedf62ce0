import { Session } from "node:inspector/promises";

import { assert } from "../../keeper/lib/assert.ts";

/** Where processor time goes, as parts of 1. */
export type Shares = Readonly<Record<string, number>>;

interface Frame {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[] | undefined;
}

/**
 * Folders by what is done in them: the innermost frame of a stack that lies in one of them says what a sample was spent on, so
 * that hashing counts for whoever wants the hash. The longest match wins.
 */
const PARTS: readonly (readonly [path: string, part: string])[] = [
  ["keeper/chain/sources/", "parse"],
  ["keeper/chain/verify/", "verify"],
  ["keeper/trie/", "trie"],
  ["keeper/trie/walkProof.ts", "verify"],
  ["keeper/trie/proofNode.ts", "verify"],
  ["keeper/books/layout/readLog.ts", "decode"],
  ["keeper/books/layout/", "slots"],
  ["keeper/books/legality/", "legality"],
  ["keeper/books/model/", "legality"],
  ["keeper/books/reducers/", "reducers"],
  ["keeper/books/generated/", "reducers"],
  ["keeper/books/", "reducers"],
  ["keeper/loop/", "loop"],
];
const INTERVAL_MICROSECONDS = 200;
const HOTTEST = 12;
const GARBAGE = "(garbage collector)";

/**
 * Samples the stacks of what `work` does and says where the time went, with the functions that took most of it. Only what is
 * called by a function named `within` counts.
 */
export async function profileCpu(
  within: string,
  work: () => void,
): Promise<{ readonly shares: Shares; readonly hottest: readonly string[] }> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: INTERVAL_MICROSECONDS });
    await session.post("Profiler.start");
    work();
    const { profile } = await session.post("Profiler.stop");
    const { nodes, samples, timeDeltas } = profile;
    assert(samples !== undefined && timeDeltas !== undefined, "a profile has samples");
    const stacks = new Stacks(nodes, within);
    return stacks.read(samples, timeDeltas);
  } finally {
    session.disconnect();
  }
}

function partOfFile(url: string): string | undefined {
  let found: readonly [string, string] | undefined;
  for (const entry of PARTS) {
    if (url.includes(`/${entry[0]}`) && entry[0].length > (found?.[0].length ?? 0)) found = entry;
  }
  return found?.[1];
}

/** What each node of a profile's tree counts for. */
class Stacks {
  readonly #byId: ReadonlyMap<number, Frame>;
  readonly #parents: ReadonlyMap<number, number>;
  readonly #within: string;
  readonly #parts = new Map<number, string | null>();
  readonly #inside = new Map<number, boolean>();

  constructor(nodes: readonly Frame[], within: string) {
    this.#byId = new Map(nodes.map((node) => [node.id, node]));
    this.#parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
    this.#within = within;
  }

  read(
    samples: readonly number[],
    deltas: readonly number[],
  ): { readonly shares: Shares; readonly hottest: readonly string[] } {
    const parts = new Map<string, number>();
    const functions = new Map<string, number>();
    let total = 0;
    let wasInside = false;
    for (const [index, sample] of samples.entries()) {
      const micros = deltas[index] ?? 0;
      // Garbage is nobody's in a profile: it counts for whoever ran before it.
      const isGarbage = this.#frame(sample).functionName === GARBAGE;
      if (!isGarbage) wasInside = this.#isInside(sample);
      const part = wasInside ? this.#partOf(sample) : null;
      if (part === null) continue;
      total += micros;
      add(parts, part, micros);
      if (!isGarbage) add(functions, this.#nameOf(sample), micros);
    }
    const toShares = (spent: ReadonlyMap<string, number>): [string, number][] => {
      return [...spent].sort(([, a], [, b]) => b - a).map(([name, micros]) => [name, micros / total]);
    };
    const hottest = toShares(functions).slice(0, HOTTEST);
    return {
      shares: Object.fromEntries(toShares(parts)),
      hottest: hottest.map(([name, share]) => `${(100 * share).toFixed(1)} % ${name}`),
    };
  }

  #isInside(id: number): boolean {
    return this.#remember(this.#inside, id, (parent) => {
      return this.#frame(id).functionName === this.#within || (parent !== undefined && this.#isInside(parent));
    });
  }

  #partOf(id: number): string | null {
    return this.#remember(this.#parts, id, (parent) => {
      const { functionName, url } = this.#frame(id);
      if (functionName === GARBAGE) return "garbage";
      return partOfFile(url) ?? (parent === undefined ? null : this.#partOf(parent));
    });
  }

  #remember<Value>(known: Map<number, Value>, id: number, find: (parent: number | undefined) => Value): Value {
    const value = known.get(id) ?? find(this.#parents.get(id));
    known.set(id, value);
    return value;
  }

  #frame(id: number): Frame["callFrame"] {
    const node = this.#byId.get(id);
    assert(node !== undefined, "a sample is of a node of the profile");
    return node.callFrame;
  }

  #nameOf(id: number): string {
    const { functionName, url, lineNumber } = this.#frame(id);
    const file = url.split("/").slice(-2).join("/");
    return `${functionName === "" ? "(anonymous)" : functionName} ${file}:${lineNumber + 1}`;
  }
}

function add(spent: Map<string, number>, name: string, micros: number): void {
  spent.set(name, (spent.get(name) ?? 0) + micros);
}
