import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

import type { Books } from "../../../../keeper/books/Books.ts";
import type { Killer, Judged } from "./Judged.ts";
import type { Mutant } from "./listMutants.ts";
import { readImporters } from "./readImporters.ts";
import { replay, replayLies, type Opened } from "./replay.ts";
import type { Recording } from "./Recording.ts";

export type { Recording } from "./Recording.ts";

/** What a worker is started with. */
export interface WorkerData {
  readonly recordings: readonly Recording[];
  /** The folder of the books. */
  readonly books: string;
}

interface BooksModule {
  readonly Books: typeof Books;
}

const { recordings, books } = workerData as WorkerData;
const ENTRY = join(books, "Books.ts");
const importersOf = readImporters(books);
const stripped = new Map<string, string>();
/** How many mutants a recording has killed: that of the most is tried first. */
const kills = new Map<Recording, number>(recordings.map((recording) => [recording, 0]));
let loaded = 0;
let mutant: Mutant | null = null;
/** Whether the changed file was loaded: the books may not need it. */
let isPart = false;
/** The changed file, and what imports it, directly or not: what is loaded anew, and warms up anew. */
let reloaded: ReadonlySet<string> = new Set();

/** Every mutant has modules of its own: a number behind their addresses tells them apart. */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const path = found.url.startsWith("file:") ? fileURLToPath(found.url) : "";
    return reloaded.has(path) && !found.url.includes("?") ? { ...found, url: `${found.url}?${loaded}` } : found;
  },
  load(url, context, next) {
    if (!url.startsWith("file:") || !url.includes("?")) return next(url, context);
    const path = fileURLToPath(url);
    if (mutant !== null && path === pathOf(mutant)) {
      isPart = true;
      return { format: "module", source: stripTypeScriptTypes(mutant.source), shortCircuit: true };
    }
    const source = stripped.get(path) ?? stripTypeScriptTypes(readFileSync(path, "utf8"));
    stripped.set(path, source);
    return { format: "module", source, shortCircuit: true };
  },
});

function pathOf({ file }: Mutant): string {
  return join(books, "reducers", file);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The first difference from what was recorded; null for none. After each recording a sign of life. Honest traffic comes first: it is what a keeper sees. */
function difference(open: Opened): Killer | null {
  try {
    for (const recording of [...recordings].sort((a, b) => kills.get(b)! - kills.get(a)!)) {
      const killer = replay(recording, open);
      parentPort?.postMessage(null);
      if (killer === null) continue;
      kills.set(recording, kills.get(recording)! + 1);
      return killer;
    }
    for (const recording of recordings) {
      const killer = replayLies(recording, open, mutant);
      parentPort?.postMessage(null);
      if (killer !== null) return killer;
    }
    return null;
  } catch (error: unknown) {
    return { kind: "throws", detail: describe(error) };
  }
}

async function judge(next: Mutant | null): Promise<Judged> {
  [mutant, loaded, isPart] = [next, loaded + 1, next === null];
  reloaded = next === null ? new Set() : importersOf(pathOf(next));
  const name = next?.name ?? "";
  let module: BooksModule;
  try {
    module = (await import(pathToFileURL(ENTRY).href)) as BooksModule;
  } catch (error: unknown) {
    return { name, isPart, killer: { kind: "does not load", detail: describe(error) } };
  }
  const killer = difference((options) => new module.Books(options));
  return { name, isPart, killer };
}

parentPort?.on("message", (next: Mutant | null) => {
  void judge(next).then((judged) => parentPort?.postMessage(judged));
});
