import { BLOCK_SIZE, branchSize, KEY_BLOCKS_AT, RECORDS_AT, HASH_SIZE } from "./layout.ts";
import { createNodeKernel, type KernelMemory, type NodeKernel } from "./nodeKernel.ts";

const PAGE = 65_536;
/** The memory grows by this part of itself, so that little of it is ever unused. */
const GROWTH = 32;
/** What the kernel may read beyond a record's end. */
const MARGIN = 64;
const SIZES = branchSize(16) / 8 + 1;

/**
 * The memory of one trie: records of a few sizes, all multiples of 8 bytes. A freed record is the next one of its size:
 * each size has a list of them, linked through their first four bytes.
 *
 * Invariants: every byte from {@link RECORDS_AT} to the end is in a live record or in a list; views are of the current
 * buffer, so that none may be kept across {@link NodeMemory.allocate}.
 */
export class NodeMemory {
  readonly kernel: NodeKernel;
  bytes: Uint8Array<ArrayBuffer>;
  halves: Uint16Array<ArrayBuffer>;
  words: Uint32Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  readonly #memory: KernelMemory;
  /** First free record of each size, in 8 bytes. */
  readonly #free = new Uint32Array(SIZES);
  #end = RECORDS_AT;
  #freeBytes = 0;

  constructor() {
    const { memory, kernel } = createNodeKernel();
    this.kernel = kernel;
    this.#memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.halves = new Uint16Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    for (let block = 0; block < 2; block += 1) kernel.pad(KEY_BLOCKS_AT + block * BLOCK_SIZE, HASH_SIZE);
  }

  /** Bytes held from the system. */
  get size(): number {
    return this.bytes.length;
  }

  /** Bytes in live records. */
  get used(): number {
    return this.#end - RECORDS_AT - this.#freeBytes;
  }

  /** Bytes in freed records. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** The address of a record of so many bytes, whose content is undefined. Every view taken before is void. */
  allocate(size: number): number {
    const free = this.#free[size >>> 3]!;
    if (free !== 0) {
      this.#free[size >>> 3] = this.words[free >>> 2]!;
      this.#freeBytes -= size;
      return free;
    }
    const at = this.#end;
    if (at + size + MARGIN > this.bytes.length) this.reserve(size);
    this.#end = at + size;
    return at;
  }

  /** Gives a record back. */
  free(address: number, size: number): void {
    this.words[address >>> 2] = this.#free[size >>> 3]!;
    this.#free[size >>> 3] = address;
    this.#freeBytes += size;
  }

  /**
   * Makes room for so many bytes of records beyond the present ones.
   *
   * @throws RangeError beyond the 4 GiB that 32 bits address.
   */
  reserve(size: number): void {
    const missing = Math.ceil((this.#end + size + MARGIN - this.bytes.length) / PAGE);
    if (missing <= 0) return;
    this.#memory.grow(Math.max(missing, Math.floor(this.bytes.length / PAGE / GROWTH)));
    const { buffer } = this.#memory;
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Uint32Array(buffer);
    this.view = new DataView(buffer);
  }

  /** Copies a record's bytes, or part of it; both addresses and the size are multiples of 4. */
  copy(from: number, to: number, size: number): void {
    const { words } = this;
    const source = from >>> 2;
    const target = to >>> 2;
    const count = size >>> 2;
    if (count > 64) words.copyWithin(target, source, source + count);
    else for (let at = 0; at < count; at += 1) words[target + at] = words[source + at]!;
  }

  /** Records in the free lists, by their size: for tests of the invariants. */
  *freeRecords(): IterableIterator<readonly [address: number, size: number]> {
    for (let size = 0; size < SIZES; size += 1) {
      for (let at = this.#free[size]!; at !== 0; at = this.words[at >>> 2]!) yield [at, 8 * size];
    }
  }
}
