import { decodeBody, encodeBody } from "../../keeper/store/journalCodec.ts";
import { chainValue, EMPTY_CHAIN, type ChainEnd } from "../../keeper/store/recordChain.ts";
import { signatureOf } from "../../keeper/store/signatureOf.ts";

/** A record as it was written. */
export interface DiskRecord {
  readonly kind: string;
  readonly body: unknown;
}

interface Row {
  readonly seq: number;
  readonly kind: string;
  readonly body: string;
  readonly chain: string;
  /** What was handed over, whatever becomes of the row. */
  readonly written: DiskRecord;
}

/** What a store says when it is opened. */
export type Opened =
  | { readonly ok: true; readonly records: readonly DiskRecord[] }
  | { readonly ok: false; /** Number of the first record that is not as it was written. */ readonly record: number };

/**
 * A keeper's journal on a disk that loses power: rows sealed by the store's own chain of hashes. A row is durable once it is synced;
 * of those that are not, a crash keeps the first ones, or none, or half of one, which the database drops as it would a torn transaction.
 */
export class Disk {
  readonly #rows: Row[] = [];
  #synced = 0;
  #end: ChainEnd = EMPTY_CHAIN;
  /** A second root for a block: the store refuses it, and the keeper ends. */
  readonly #roots = new Map<string, string>();
  #isRotten = false;

  /** A bit of it was changed, whether or not anybody has noticed. */
  get isRotten(): boolean {
    return this.#isRotten;
  }

  /**
   * Writes a row, which is not durable yet.
   *
   * @returns its number, or null where the store refuses it
   */
  write(kind: string, body: unknown): number | null {
    const signature = signatureOf(kind, body);
    if (signature !== null) {
      const before = this.#roots.get(signature.block_hash);
      if (before !== undefined && before !== signature.books_root) return null;
      this.#roots.set(signature.block_hash, signature.books_root);
    }
    const row = { seq: this.#end.count + 1, at: 0, kind, body: encodeBody(body) };
    const chain = chainValue(this.#end.chain, row);
    this.#rows.push({ ...row, chain, written: { kind, body } });
    this.#end = { count: row.seq, chain };
    return row.seq;
  }

  /** Everything up to a row is durable. */
  sync(seq: number): void {
    this.#synced = Math.max(this.#synced, seq);
  }

  /** What was written and is durable, as it was handed over. */
  get durable(): readonly DiskRecord[] {
    return this.#rows.slice(0, this.#synced).map(({ written }) => written);
  }

  /** The power is gone: of what was not synced only so many rows are there. Returns how many were lost. */
  loseUnsynced(kept: number): number {
    const left = Math.min(this.#rows.length, this.#synced + kept);
    const lost = this.#rows.length - left;
    this.#rows.length = left;
    this.#synced = left;
    const last = this.#rows.at(-1);
    this.#end = last === undefined ? EMPTY_CHAIN : { count: last.seq, chain: last.chain };
    this.#roots.clear();
    for (const { written } of this.#rows) {
      const signature = signatureOf(written.kind, written.body);
      if (signature !== null) this.#roots.set(signature.block_hash, signature.books_root);
    }
    return lost;
  }

  get unsynced(): number {
    return this.#rows.length - this.#synced;
  }

  /** A bit of a row changes on the disk; false where there is no row. */
  rot(choice: number): boolean {
    const index = this.#synced === 0 ? -1 : choice % this.#synced;
    const row = this.#rows[index];
    if (row === undefined) return false;
    const at = choice % row.body.length;
    const changed = String.fromCharCode(row.body.charCodeAt(at) ^ 1);
    this.#isRotten = true;
    this.#rows[index] = { ...row, body: row.body.slice(0, at) + changed + row.body.slice(at + 1) };
    return true;
  }

  /** Reads what is there as if nothing could be wrong with it, leaving out what is no JSON. */
  openUnchecked(): Opened {
    const records = this.#rows.flatMap(({ kind, body }): DiskRecord[] => {
      try {
        return [{ kind, body: decodeBody(body) }];
      } catch {
        return [];
      }
    });
    return { ok: true, records };
  }

  /** Reads what is there, each row verified against the chain. */
  open(): Opened {
    let { chain } = EMPTY_CHAIN;
    for (const [index, row] of this.#rows.entries()) {
      if (row.seq !== index + 1 || row.chain !== chainValue(chain, { ...row, at: 0 })) {
        return { ok: false, record: index + 1 };
      }
      chain = row.chain;
    }
    return { ok: true, records: this.#rows.map(({ kind, body }) => ({ kind, body: decodeBody(body) })) };
  }
}
