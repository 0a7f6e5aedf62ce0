import type { BookBlock, Books } from "../books/Books.ts";
import type { ImageBlock } from "../books/BooksImage.ts";
import { readImage } from "../books/imageSections.ts";
import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Hash } from "../lib/hex.ts";
import { differencesFrom, readAbout, type SnapshotIdentity } from "../snapshotIdentity.ts";
import type { SnapshotFile, SnapshotStore } from "../store/snapshots/SnapshotStore.ts";

/** What rebuilt books say of the snapshot that was there before. */
export type Comparison =
  | { readonly kind: "none" }
  /** It cannot be compared: damaged, of another protocol, or of a block that the rebuild did not come to. */
  | { readonly kind: "unknown"; readonly file: string; readonly detail: string }
  | { readonly kind: "agrees"; readonly file: string; readonly number: number }
  | { readonly kind: "orphaned"; readonly file: string; readonly number: number; readonly chain: Hash }
  | {
      readonly kind: "differs";
      readonly file: string;
      readonly number: number;
      readonly contracts: readonly BookName[];
    };

interface Claim {
  readonly block: ImageBlock;
  /** In the order of the book set. */
  readonly roots: readonly Hash[];
}

/** The newest snapshot of a data directory, against books that are rebuilt beside it. */
export class OldSnapshot {
  /** Null where there is none. */
  readonly file: SnapshotFile | null;
  readonly #path: string;
  readonly #claim: Claim | null;
  readonly #problem: string;
  #found: Comparison | null = null;

  private constructor(file: SnapshotFile | null, path: string, claim: Claim | null, problem: string) {
    this.file = file;
    this.#path = path;
    this.#claim = claim;
    this.#problem = problem;
  }

  /** Reads what the newest snapshot claims; its words are let go again. */
  static async read(store: SnapshotStore, identity: SnapshotIdentity): Promise<OldSnapshot> {
    const [file] = await store.list();
    if (file === undefined) return new OldSnapshot(null, "", null, "");
    const path = store.pathOf(file);
    try {
      const sections = await store.read(file);
      const differences = differencesFrom(identity, readAbout(sections).identity);
      if (differences.length > 0) return new OldSnapshot(file, path, null, `it is of ${differences.join(", ")}`);
      const { block, books } = readImage(sections);
      return new OldSnapshot(file, path, { block, roots: BOOK_NAMES.map((name) => books[name].root) }, "");
    } catch (error: unknown) {
      if (!(error instanceof Error)) throw error;
      const code = KeeperError.is(error) ? error.code : error.name;
      return new OldSnapshot(file, path, null, `it cannot be read (${code})`);
    }
  }

  /** Told of every block of the rebuild. */
  see({ number, hash }: BookBlock, books: Books): void {
    if (this.#claim?.block.number !== number) return;
    const file = this.#path;
    const roots = books.roots();
    const contracts = BOOK_NAMES.filter((_, index) => roots[index] !== this.#claim?.roots[index]);
    if (hash !== this.#claim.block.hash) this.#found = { kind: "orphaned", file, number, chain: hash };
    else if (contracts.length > 0) this.#found = { kind: "differs", file, number, contracts };
    else this.#found = { kind: "agrees", file, number };
  }

  /** What came of it. */
  get comparison(): Comparison {
    if (this.file === null) return { kind: "none" };
    if (this.#found !== null) return this.#found;
    const above = `its block ${this.file.number} is above the newest final one`;
    return { kind: "unknown", file: this.#path, detail: this.#claim === null ? this.#problem : above };
  }
}

/** For people. */
export function describeComparison(comparison: Comparison): string {
  switch (comparison.kind) {
    case "none":
      return "there was no snapshot before";
    case "unknown":
      return `the snapshot before cannot be compared: ${comparison.detail}`;
    case "agrees":
      return `the snapshot before agrees: at block ${comparison.number} its roots are those of the rebuilt books`;
    case "orphaned":
      return `the snapshot before is of a block that the chain does not have: block ${comparison.number} is ${comparison.chain}`;
    case "differs":
      return `the snapshot before DIFFERS at block ${comparison.number}: ${comparison.contracts.join(", ")}`;
  }
}
