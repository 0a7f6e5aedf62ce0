import { createHash } from "node:crypto";
import { appendFileSync, existsSync, globSync, readFileSync, writeFileSync } from "node:fs";

import type { Chunk, ChunkResult } from "./Workers.ts";

/** Folders from which a run follows, beside its seed. */
const CODE = ["keeper", "simulator", "scripts/histories", "scripts/local"];

/** What a file of results begins with. */
interface Head {
  readonly code: string;
  readonly mode: string;
  readonly isPauseForbidden: boolean;
}

/** Results of a sweep that is run in several goes: a line for each chunk, after one that says of what. */
export class SweepFile {
  readonly #path: string;
  readonly done: readonly ChunkResult[];

  private constructor(path: string, done: readonly ChunkResult[]) {
    this.#path = path;
    this.done = done;
  }

  /**
   * Opens a file, or begins one.
   *
   * @param root of the project
   * @throws Error when the file is of another code, or of other options: the sum would be of nothing
   */
  static open(path: string, root: string, options: Omit<Head, "code">): SweepFile {
    const { mode, isPauseForbidden } = options;
    const head: Head = { code: digestOfCode(root), mode, isPauseForbidden };
    if (!existsSync(path)) {
      writeFileSync(path, `${JSON.stringify(head)}\n`);
      return new SweepFile(path, []);
    }
    const [first = "", ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
    const found = readLine(first, path) as Head;
    if (found.code !== head.code)
      throw new Error(`--resume ${path}: is of other code; give another file, or remove it`);
    if (found.mode !== head.mode || found.isPauseForbidden !== head.isPauseForbidden) {
      const was = `--mode ${found.mode}${found.isPauseForbidden ? " --false-pauses" : ""}`;
      throw new Error(`--resume ${path}: is of ${was}; give another file, or the same options`);
    }
    return new SweepFile(
      path,
      lines.map((line) => readLine(line, path) as ChunkResult),
    );
  }

  /** The chunks that are not done yet. */
  left(chunks: readonly Chunk[]): Chunk[] {
    const done = new Set(this.done.map(({ chunk }) => `${chunk.first} ${chunk.seeds}`));
    return chunks.filter(({ first, seeds }) => !done.has(`${first} ${seeds}`));
  }

  add(result: ChunkResult): void {
    appendFileSync(this.#path, `${JSON.stringify(result)}\n`);
  }
}

function readLine(line: string, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`--resume ${path}: is no file of results, or its last line is torn; remove that line`);
  }
}

/** One digest of every file that a run may depend on. */
function digestOfCode(root: string): string {
  const hash = createHash("sha256");
  const files = globSync(
    CODE.map((folder) => `${folder}/**/*.{ts,json}`),
    { cwd: root },
  ).sort();
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(`${root}/${file}`));
  return hash.digest("hex").slice(0, 16);
}
