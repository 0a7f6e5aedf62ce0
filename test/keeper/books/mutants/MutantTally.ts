import type { Judged, KillKind } from "./Judged.ts";

/** Told by honest traffic, or by a lie: the keeper's own fault is found, or would have been believed. */
const KINDS: readonly KillKind[] = [
  "root",
  "miscomputed",
  "illegal",
  "unreadable",
  "misses a lie",
  "throws",
  "does not load",
  "does not end",
];

/** How many mutants of a reducer came to what. */
type Row = Record<KillKind | "listed" | "lives", number>;

function emptyRow(): Row {
  return Object.fromEntries([...KINDS, "listed", "lives"].map((kind) => [kind, 0])) as Row;
}

/** Counts verdicts by file, and keeps those that are not as listed. */
export class MutantTally {
  readonly #listed: ReadonlyMap<string, string>;
  readonly #rows = new Map<string, Row>();
  /** Mutants that live and are not listed, or are listed and died. */
  readonly wrong: Judged[] = [];
  count = 0;

  /** @param listed names of mutants that the traffic cannot tell, or does not, with the reason */
  constructor(listed: ReadonlyMap<string, string>) {
    this.#listed = listed;
  }

  /** Counts a verdict; returns what is wrong with it, null for nothing. */
  add(judged: Judged): string | null {
    const { name, killer, isPart } = judged;
    const [file = ""] = name.split(" ");
    const row = this.#rows.get(file) ?? emptyRow();
    this.#rows.set(file, row);
    this.count += 1;
    const isListed = this.#listed.has(name);
    row[killer?.kind ?? (isListed ? "listed" : "lives")] += 1;
    if (isListed === (killer === null)) return null;
    this.wrong.push(judged);
    if (killer !== null) return `is listed and died: ${killer.kind}, ${killer.detail}`;
    return isPart ? "lives" : "lives: the books do not load its file";
  }

  /** One line a file, and one of all. */
  table(): string {
    const total = emptyRow();
    const columns = [...KINDS, "listed", "lives"] as const;
    for (const row of this.#rows.values()) for (const column of columns) total[column] += row[column];
    const line = (file: string, row: Row): string => {
      const numbers = columns.filter((column) => row[column] > 0).map((column) => `${column} ${row[column]}`);
      return `${file}: ${columns.reduce((sum, column) => sum + row[column], 0)} mutants: ${numbers.join(", ")}`;
    };
    return [...[...this.#rows].map(([file, row]) => line(file, row)), line("all", total)].join("\n");
  }
}
