import type { Derivation } from "./Derivation.ts";
import type { NaiveEvent } from "./decode.ts";
import { word32 } from "./words.ts";

/**
 * OpenZeppelin AccessManaged, the first base of five book contracts; slot 0: `address private _authority; bool private
 * _consumingSchedule;`. The bool above the address is true only while a call runs, and keeps its bit here.
 */
export function applyAuthority(state: Derivation, event: NaiveEvent): void {
  const authority = event.hex("authority");
  state.set({ book: state.book, slot: word32(0n), offset: 0, bits: 160 }, authority);
}
