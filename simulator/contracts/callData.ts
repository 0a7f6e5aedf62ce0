import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";

const WORD = 64;

/** The arguments of a call, read by their places; nothing is believed to be well-formed beyond what is read. */
export class CallData {
  readonly #digits: string;

  /** @param data of the whole call, selector included */
  constructor(data: Hex) {
    this.#digits = data.slice(10);
  }

  hash(index: number): Hash {
    return `0x${this.#digits.slice(index * WORD, (index + 1) * WORD).padEnd(WORD, "0")}`;
  }

  number(index: number): bigint {
    return BigInt(this.hash(index));
  }

  address(index: number): Address {
    return `0x${this.hash(index).slice(26)}`;
  }

  /** The word at which the dynamic argument begins whose offset stands at `index`. */
  placeOf(index: number): number {
    return Number(this.number(index)) / 32;
  }

  /** A list of words that begins with its length. */
  list(place: number): Hash[] {
    const length = Number(this.number(place));
    return Array.from({ length }, (_, index) => this.hash(place + 1 + index));
  }

  /** Bytes that begin with their length. */
  bytes(place: number): Hex {
    const from = (place + 1) * WORD;
    return `0x${this.#digits.slice(from, from + 2 * Number(this.number(place)))}`;
  }
}
