import { createHash, hash, type Hash as Digest } from "node:crypto";

import { KeeperError } from "../../errors/KeeperError.ts";

/**
 * The version this code writes, and the only one it reads: a snapshot of another is left alone, and the books are made from the
 * chain. It changes with the format, and with whatever the books remember of events beside their words.
 */
export const SNAPSHOT_VERSION = 1;

/** A piece of a snapshot. What it holds is its writer's to know; kind 0 is the end. */
export interface Section {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

const MAGIC = Buffer.from("LOCKSTEP", "latin1");
const START_SIZE = MAGIC.length + 4;
/** Kind (1 byte) and length (4). */
const LABEL_SIZE = 5;
const END = 0;
/** Length of the whole file (8 bytes), SHA-256 of all before it (32). */
const TAIL_SIZE = 8 + 32;
const MIN_SIZE = START_SIZE + LABEL_SIZE + TAIL_SIZE;

/**
 * The bytes of a snapshot, a piece at a time: magic, version, sections (kind, length, bytes), and an end with the length of the
 * whole and the SHA-256 of everything before it. Numbers are big-endian.
 */
export class SnapshotEncoder {
  readonly #digest: Digest = createHash("sha256");
  #length = 0;

  /** What a file begins with. */
  start(): Buffer {
    const bytes = Buffer.concat([MAGIC, Buffer.alloc(4)]);
    bytes.writeUInt32BE(SNAPSHOT_VERSION, MAGIC.length);
    return this.#seal(bytes);
  }

  /** A section, ready to be written. */
  section({ kind, bytes }: Section): Buffer {
    return this.#seal(Buffer.concat([label(kind, bytes.length), bytes]));
  }

  /** What a file ends with. */
  end(): Buffer {
    const bytes = Buffer.concat([label(END, TAIL_SIZE), Buffer.alloc(8)]);
    bytes.writeBigUInt64BE(BigInt(this.#length + LABEL_SIZE + TAIL_SIZE), LABEL_SIZE);
    return Buffer.concat([this.#seal(bytes), this.#digest.digest()]);
  }

  #seal(bytes: Buffer): Buffer {
    this.#digest.update(bytes);
    this.#length += bytes.length;
    return bytes;
  }
}

/**
 * The sections of a file, which share its memory. Nothing is believed before the checksum over everything fits.
 *
 * @throws KeeperError `SnapshotVersion` for a file of another version, `SnapshotCorrupt` for anything else that was not written so
 */
export function decodeSnapshot(file: string, bytes: Buffer): Section[] {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw corrupt(file, "it does not begin as a snapshot does");
  if (bytes.length < START_SIZE) throw corrupt(file, "it is cut short");
  // Another version may be sealed in another way: it is looked at before the checksum.
  const version = bytes.readUInt32BE(MAGIC.length);
  if (version !== SNAPSHOT_VERSION) {
    const message = `${file} is a snapshot of version ${version}, this keeper reads version ${SNAPSHOT_VERSION}`;
    throw new KeeperError("SnapshotVersion", message, { file, version, supported: SNAPSHOT_VERSION });
  }
  if (bytes.length < MIN_SIZE) throw corrupt(file, "it is cut short");
  const sealed = bytes.subarray(0, bytes.length - 32);
  if (bytes.readBigUInt64BE(bytes.length - TAIL_SIZE) !== BigInt(bytes.length)) {
    throw corrupt(file, "its length is not the one it ends with");
  }
  if (!hash("sha256", sealed, "buffer").equals(bytes.subarray(sealed.length))) {
    throw corrupt(file, "its checksum does not fit");
  }
  return readSections(file, bytes);
}

function readSections(file: string, bytes: Buffer): Section[] {
  const sections: Section[] = [];
  for (let at = START_SIZE; at + LABEL_SIZE <= bytes.length;) {
    const [kind, length] = [bytes[at], bytes.readUInt32BE(at + 1)];
    const end = at + LABEL_SIZE + length;
    if (kind === END && end === bytes.length) return sections;
    if (kind === undefined || kind === END || end > bytes.length) break;
    sections.push({ kind, bytes: bytes.subarray(at + LABEL_SIZE, end) });
    at = end;
  }
  throw corrupt(file, "its sections do not fit together");
}

function label(kind: number, length: number): Buffer {
  const bytes = Buffer.alloc(LABEL_SIZE);
  bytes[0] = kind;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

function corrupt(file: string, reason: string): KeeperError {
  return new KeeperError("SnapshotCorrupt", `${file} is damaged: ${reason}`, { file, reason });
}
