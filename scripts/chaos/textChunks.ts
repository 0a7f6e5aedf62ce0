/** A part of an answer, and how long to wait before it. */
export interface Chunk {
  readonly waitMs: number;
  readonly bytes: Buffer;
}

/** Trickling is done in steps of at least this time. */
const STEP_MS = 50;
const HUGE_CHUNK_BYTES = 65_536;

/** The bytes at a pace, first ones first. */
export function* dripChunks(bytes: Buffer, bytesPerSecond: number): Generator<Chunk> {
  const size = Math.max(1, Math.floor((bytesPerSecond * STEP_MS) / 1_000));
  for (let from = 0; from < bytes.length; from += size) {
    yield { waitMs: (size * 1_000) / bytesPerSecond, bytes: bytes.subarray(from, from + size) };
  }
}

/** A reply whose result is `bytes` letters, without ever being in memory as a whole. */
export function* hugeChunks(id: unknown, bytes: number): Generator<Chunk> {
  yield { waitMs: 0, bytes: Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id ?? null)},"result":"`) };
  const filling = Buffer.alloc(Math.min(bytes, HUGE_CHUNK_BYTES), "x");
  for (let left = bytes; left > 0; left -= filling.length) yield { waitMs: 0, bytes: filling.subarray(0, left) };
  yield { waitMs: 0, bytes: Buffer.from('"}') };
}
