import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

import type { Books } from "../../../../keeper/books/Books.ts";
import type { BookAddresses, Immutables } from "../../../../keeper/domain/bookSet.ts";
import type { RecordedBlock } from "../BooksFollower.ts";
import type { Mutant } from "./listMutants.ts";

/** A recorded chain from its first block on, in whose blocks nothing is found. */
export interface Recording {
  readonly name: string;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly blocks: readonly RecordedBlock[];
}

/** What a worker is started with. */
export interface WorkerData {
  readonly recordings: readonly Recording[];
  /** The folder of the books. */
  readonly books: string;
}

/** What killed a mutant, or that nothing did. */
export interface Judged {
  readonly name: string;
  readonly killer: string | null;
}

interface BooksModule {
  readonly Books: typeof Books;
}

const { recordings, books } = workerData as WorkerData;
/** Not loaded anew: nothing in them imports a reducer. */
const SHARED = ["generated", "layout", "model", "naive"].map((folder) => `${books}${sep}${folder}${sep}`);
const stripped = new Map<string, string>();
let loaded = 0;
let mutant: Mutant | null = null;

function isReloaded(path: string): boolean {
  return path.startsWith(books) && !SHARED.some((folder) => path.startsWith(folder));
}

/** Every mutant has modules of its own: a number behind their addresses tells them apart. */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const path = found.url.startsWith("file:") ? fileURLToPath(found.url) : "";
    return isReloaded(path) && !found.url.includes("?") ? { ...found, url: `${found.url}?${loaded}` } : found;
  },
  load(url, context, next) {
    if (!url.startsWith("file:") || !url.includes("?")) return next(url, context);
    const path = fileURLToPath(url);
    if (mutant !== null && path.endsWith(`reducers${sep}${mutant.file}`)) {
      return { format: "module", source: stripTypeScriptTypes(mutant.source), shortCircuit: true };
    }
    const source = stripped.get(path) ?? stripTypeScriptTypes(readFileSync(path, "utf8"));
    stripped.set(path, source);
    return { format: "module", source, shortCircuit: true };
  },
});

/** What is other than recorded, or thrown, first; null for nothing. */
async function judge(next: Mutant | null): Promise<string | null> {
  [mutant, loaded] = [next, loaded + 1];
  try {
    const loadedModule = (await import(pathToFileURL(`${books}${sep}Books.ts`).href)) as BooksModule;
    for (const { name, addresses, immutables, blocks } of recordings) {
      const own = new loadedModule.Books({ addresses, immutables, undoDepth: 1 });
      for (const { pokes, block, roots } of blocks) {
        for (const [book, slot, value] of pokes) own.trie(book).set(slot, value);
        const [finding] = own.apply(block);
        if (finding !== undefined) return `${name} ${block.number}: ${finding.cause} ${finding.detail}`;
        if (own.roots().join() !== roots.join()) return `${name} ${block.number}: another root`;
      }
    }
    return null;
  } catch (error: unknown) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

parentPort?.on("message", (next: Mutant | null) => {
  void judge(next).then((killer) => parentPort?.postMessage({ name: next?.name ?? "", killer } satisfies Judged));
});
