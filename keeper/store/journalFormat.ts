import { hash } from "node:crypto";
import { KeeperError } from "../errors/KeeperError.ts";
import { decodeBody } from "./journalCodec.ts";

/** The version this code writes, and the newest it reads. */
export const JOURNAL_VERSION = 1;

/** One record, as it was when it was appended. */
export interface JournalRecord {
  /** 1 for the first record; no gaps. */
  readonly seq: number;
  /** Wall-clock milliseconds of the append; informative only. */
  readonly at: number;
  readonly kind: string;
  readonly body: unknown;
}

/** What a journal file holds. */
export interface JournalContent {
  readonly records: readonly JournalRecord[];
  /** Chain value of the last line, from which the next one continues. Undefined: not even the first line is there. */
  readonly chain: string | undefined;
  /** Bytes up to the end of the last whole line. What follows is torn. */
  readonly intactBytes: number;
  /** True when the last whole line misses only its newline. */
  readonly lacksNewline: boolean;
}

const NEWLINE = 0x0a;
const CHAIN_HEX_LENGTH = 64;
const SUFFIX = /^,"chain":"([0-9a-f]{64})"\}$/;
const SUFFIX_LENGTH = `,"chain":""}`.length + CHAIN_HEX_LENGTH;
const HEADER_START = '{"lockstepJournal":';
const CHAIN_SEED = "lockstep journal";

/** The first line of a new journal, without its newline. */
export function formatHeader(at: number): { line: string; chain: string } {
  return seal(`${HEADER_START}${JOURNAL_VERSION},"at":${at}`, CHAIN_SEED);
}

/** One record's line, without its newline. Its hash covers every byte before it and, through `chain`, all lines before. */
export function formatRecord(
  seq: number,
  at: number,
  kind: string,
  bodyText: string,
  chain: string,
): { line: string; chain: string } {
  return seal(`${recordStart(seq)}${at},"kind":${JSON.stringify(kind)},"body":${bodyText}`, chain);
}

/**
 * Reads a whole journal file.
 *
 * Only a tail without a newline that looks like a write which was cut short counts as torn. Everything else that does
 * not verify is damage to something which was once durable, and is refused. (That whole lines are missing at the end
 * cannot be seen from the file alone.)
 *
 * @throws KeeperError `JournalVersion` for a file of a newer version; `JournalCorrupt` naming file, line and reason.
 */
export function parseJournal(file: string, bytes: Buffer): JournalContent {
  const records: JournalRecord[] = [];
  let chain: string | undefined;
  let start = 0;
  for (let lineNumber = 1; start < bytes.length; lineNumber++) {
    const end = bytes.indexOf(NEWLINE, start);
    const line = bytes.subarray(start, end === -1 ? bytes.length : end);
    const isFirst = lineNumber === 1;
    const corrupt = (reason: string): KeeperError => corruptError(file, lineNumber, reason);
    if (isFirst) checkVersion(file, line);
    const sealed = unseal(line, chain ?? CHAIN_SEED);
    if (sealed === undefined) {
      const expectedStart = isFirst ? HEADER_START : recordStart(records.length + 1);
      if (end === -1 && isTorn(line, expectedStart, chain ?? CHAIN_SEED)) break;
      throw corrupt(end === -1 ? "the end is damaged, not just cut short" : "the checksum does not fit the line");
    }
    if (!isFirst) records.push(readRecord(sealed.text, records.length + 1, corrupt));
    else if (!sealed.text.startsWith(HEADER_START)) throw corrupt("the first line is not the header of a journal");
    chain = sealed.chain;
    start = end === -1 ? bytes.length : end + 1;
    if (end === -1) return { records, chain, intactBytes: start, lacksNewline: true };
  }
  return { records, chain, intactBytes: start, lacksNewline: false };
}

function recordStart(seq: number): string {
  return `{"seq":${seq},"at":`;
}

function seal(text: string, previousChain: string): { line: string; chain: string } {
  const chain = hash("sha256", Buffer.from(`${previousChain}\n${text}`, "utf8"), "hex");
  return { line: `${text},"chain":"${chain}"}`, chain };
}

/** The sealed text of a line and its chain value, or undefined when they do not belong together. */
function unseal(line: Buffer, previousChain: string): { text: string; chain: string } | undefined {
  const split = line.length - SUFFIX_LENGTH;
  if (split <= 0) return undefined;
  const chain = SUFFIX.exec(line.toString("latin1", split))?.[1];
  const text = line.subarray(0, split);
  const expected = hash("sha256", Buffer.concat([Buffer.from(`${previousChain}\n`, "utf8"), text]), "hex");
  return chain === expected ? { text: text.toString("utf8"), chain } : undefined;
}

function readRecord(text: string, expectedSeq: number, corrupt: (reason: string) => KeeperError): JournalRecord {
  let value: unknown;
  try {
    value = decodeBody(`${text}}`);
  } catch {
    throw corrupt("the line verifies but is no JSON");
  }
  const { seq, at, kind, body } = value as Record<string, unknown>;
  if (seq !== expectedSeq) throw corrupt(`the line has the number ${String(seq)} instead of ${expectedSeq}`);
  if (typeof at !== "number" || typeof kind !== "string") throw corrupt("the line has no time and kind");
  return Object.freeze({ seq: expectedSeq, at, kind, body });
}

/** A newer version may seal its lines differently, so that the version is looked at before the checksum. */
function checkVersion(file: string, firstLine: Buffer): void {
  const match = /^\{"lockstepJournal":(\d{1,9}),/.exec(firstLine.toString("latin1", 0, 64));
  const found = Number(match?.[1]);
  if (match === null || found <= JOURNAL_VERSION) return;
  const versions = `journal version ${found}, this one reads ${JOURNAL_VERSION}`;
  const message = `${file} was written by a newer Lockstep (${versions})`;
  throw new KeeperError("JournalVersion", message, { file, found, supported: JOURNAL_VERSION });
}

/**
 * Whether a last line without a newline is what a cut-short write leaves: the start of the expected line, of any
 * length, possibly followed by zeros where the file had grown but its data had not arrived. A line that was complete
 * once is no such thing, whether its newline has become another byte or its text was changed as well.
 */
function isTorn(line: Buffer, expectedStart: string, previousChain: string): boolean {
  let length = line.length;
  while (length > 0 && line[length - 1] === 0) length--;
  const text = line.toString("latin1", 0, length);
  if (!text.startsWith(expectedStart) && !expectedStart.startsWith(text)) return false;
  for (const { index } of text.matchAll(/,"chain":"[0-9a-f]{64}"\}/g)) {
    if (unseal(line.subarray(0, index + SUFFIX_LENGTH), previousChain) !== undefined) return false;
  }
  return !isJson(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function corruptError(file: string, line: number, reason: string): KeeperError {
  const message = `${file} is corrupt at line ${line}: ${reason}; restore it from a backup or a peer, never edit it`;
  return new KeeperError("JournalCorrupt", message, { file, line, reason });
}
