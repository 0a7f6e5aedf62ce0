import type { TokenSlot } from "../domain/TokenSlot.ts";
import type { Hash } from "../lib/hex.ts";
import { accept, parseAddressSetting, reject, type Parser } from "./parsers.ts";

const EXPECTED = "`0xToken:slot` or `0xToken:slot:vyper`, the slot a decimal number or 0x and up to 64 digits";
const SLOT = /^(?:\d{1,18}|0x[0-9a-f]{1,64})$/i;
/** Each is one more proof of every block. */
const MAX_TOKENS = 32;

/**
 * The tokens in a comma-separated list, or in a list, of `0xToken:slot` or `0xToken:slot:vyper`, where the slot is that of the mapping
 * from holders to balances. A token twice is refused.
 */
export const parseTokenSlots: Parser<readonly TokenSlot[]> = (raw) => {
  const items: unknown = typeof raw === "string" ? raw.split(",").map((item) => item.trim()) : raw;
  if (!Array.isArray(items)) return reject("a list of token slots, separated by commas");
  if (items.length > MAX_TOKENS) return reject(`at most ${MAX_TOKENS} tokens`, String(items.length));
  const slots: TokenSlot[] = [];
  for (const [index, item] of (items as unknown[]).entries()) {
    const read = typeof item === "string" ? readTokenSlot(item) : undefined;
    if (read === undefined) return reject(`token ${index + 1} to be ${EXPECTED}`, String(item));
    if (slots.some(({ token }) => token === read.token)) return reject("each token once", read.token);
    slots.push(read);
  }
  return accept(Object.freeze(slots));
};

function readTokenSlot(text: string): TokenSlot | undefined {
  const [address = "", slot = "", order = "solidity", ...rest] = text.split(":").map((part) => part.trim());
  const token = parseAddressSetting(address);
  if (!token.ok || !SLOT.test(slot) || rest.length > 0) return undefined;
  if (order !== "solidity" && order !== "vyper") return undefined;
  const word: Hash = `0x${BigInt(slot).toString(16).padStart(64, "0")}`;
  return Object.freeze({ token: token.value, slot: word, order });
}
