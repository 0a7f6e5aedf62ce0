import type { Transaction } from "kysely";

import type { KeeperError } from "../errors/KeeperError.ts";
import { corrupt } from "./corrupt.ts";
import { decodeBody } from "./journalCodec.ts";
import { type ChainEnd, chainValue } from "./recordChain.ts";
import { signatureOf } from "./signatureOf.ts";
import type { StoreRecord } from "./Store.ts";
import type { JournalRow, SignatureRow, StoreTables } from "./tables.ts";

/** Records read at once: bounds an answer of the database. */
const PAGE_ROWS = 2_000;

/** Records that continue a chain, verified. */
export interface RecordsRead {
  readonly records: readonly StoreRecord[];
  /** What was signed by them, in their order. */
  readonly signatures: readonly SignatureRow[];
  readonly end: ChainEnd;
}

/**
 * The records behind the given end, each verified against the chain of hashes, the last against the head. To be called
 * in a transaction that sees one state of the database.
 *
 * @throws KeeperError `StoreCorrupt` naming table and record
 */
export async function readRecords(
  transaction: Transaction<StoreTables>,
  place: string,
  from: ChainEnd,
): Promise<RecordsRead> {
  const heads = await transaction.selectFrom("head").selectAll().execute();
  const head = heads[0];
  if (head === undefined || heads.length > 1) throw corrupt(place, "head", null, `it has ${heads.length} rows`);
  const records: StoreRecord[] = [];
  const signatures: SignatureRow[] = [];
  let end = from;
  for (let isLast = false; !isLast;) {
    const query = transaction.selectFrom("journal").selectAll().where("seq", ">", end.count).orderBy("seq");
    const rows = await query.limit(PAGE_ROWS).execute();
    isLast = rows.length < PAGE_ROWS;
    const page = verifyRows(rows, place, end);
    for (const record of page.records) records.push(record);
    for (const signature of page.signatures) signatures.push(signature);
    end = page.end;
  }
  checkHead(head, place, end);
  return { records, signatures, end };
}

/**
 * Rows that continue a chain, verified against it.
 *
 * @throws KeeperError `StoreCorrupt` naming the record
 */
export function verifyRows(rows: readonly JournalRow[], place: string, from: ChainEnd): RecordsRead {
  const records: StoreRecord[] = [];
  const signatures: SignatureRow[] = [];
  let { count, chain } = from;
  for (const row of rows) {
    const at = (reason: string): KeeperError => corrupt(place, "journal", count + 1, reason);
    if (row.seq !== count + 1) throw at(`the next record has the number ${String(row.seq)}`);
    if (!isRow(row) || row.chain !== chainValue(chain, row)) throw at("its checksum does not fit");
    const body = readBody(row, at);
    records.push(Object.freeze({ seq: row.seq, at: row.at, kind: row.kind, body }));
    const signature = readSignature(row.kind, body, at);
    if (signature !== null) signatures.push({ ...signature, seq: row.seq });
    [count, chain] = [row.seq, row.chain];
  }
  return { records, signatures, end: { count, chain } };
}

/** @throws KeeperError `StoreCorrupt` where the head seals other records than those that were read */
export function checkHead(head: ChainEnd, place: string, { count, chain }: ChainEnd): void {
  if (head.count === count && head.chain === chain) return;
  const reason = `it names ${String(head.count)} records, the journal has ${count}`;
  throw corrupt(place, "head", null, head.count === count ? "it seals another last record" : reason);
}

/** A damaged row may hold values of any type. */
function isRow({ seq, at, kind, body, chain }: JournalRow): boolean {
  return [seq, at].every(Number.isSafeInteger) && [kind, body, chain].every((text) => typeof text === "string");
}

function readBody(row: JournalRow, at: (reason: string) => KeeperError): unknown {
  try {
    return decodeBody(row.body);
  } catch {
    throw at("it verifies but is no JSON");
  }
}

function readSignature(
  kind: string,
  body: unknown,
  at: (reason: string) => KeeperError,
): ReturnType<typeof signatureOf> {
  try {
    return signatureOf(kind, body);
  } catch {
    throw at("it verifies but is no signature's record");
  }
}
