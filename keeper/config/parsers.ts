import type { PinnedBlock } from "../domain/chainProfile.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import { hasDecodableUserInfo } from "../lib/hasDecodableUserInfo.ts";
import { redactUrl } from "../lib/redact.ts";

/** A value, or what was expected instead. `shown` is what may be repeated of a value that holds secrets. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | Rejected;

/** Why a raw value was refused. */
export interface Rejected {
  readonly ok: false;
  readonly expected: string;
  readonly shown?: string;
}

/** Reads a raw value: a string from a flag or the environment, anything from a file. */
export type Parser<T> = (raw: unknown) => Parsed<T>;

/** Order of the secp256k1 group (SEC 2): private keys are below it. */
const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** A parsed value. */
export function accept<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** A refusal. */
export function reject(expected: string, shown?: string): Rejected {
  return shown === undefined ? { ok: false, expected } : { ok: false, expected, shown };
}

/** `true` or `false`; `1` and `0` as text. */
export const parseBoolean: Parser<boolean> = (raw) => {
  if (raw === true || raw === "true" || raw === "1") return accept(true);
  if (raw === false || raw === "false" || raw === "0") return accept(false);
  return reject("true or false");
};

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

/** A name that labels, URLs and files can hold. */
export const parseName: Parser<string> = (raw) => {
  if (typeof raw === "string" && NAME.test(raw.trim())) return accept(raw.trim());
  return reject("a name of letters, digits, dots, dashes and underscores, 63 at most");
};

/** A whole number within bounds, both included. */
export function integerParser(minimum: number, maximum: number): Parser<number> {
  return (raw) => {
    const value = typeof raw === "string" && /^\d{1,15}$/.test(raw.trim()) ? Number(raw) : raw;
    const isInside = Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
    return isInside ? accept(value as number) : reject(`a whole number from ${minimum} to ${maximum}`);
  };
}

/** One of a few words. */
export function wordParser<T extends string>(words: readonly T[]): Parser<T> {
  return (raw) => {
    const word = words.find((candidate) => candidate === raw);
    return word === undefined ? reject(`one of ${words.join(", ")}`) : accept(word);
  };
}

/** A path: any text that is not blank and holds no NUL. */
export const parsePath: Parser<string> = (raw) => {
  const isPath = typeof raw === "string" && raw.trim() !== "" && !raw.includes("\0");
  return isPath ? accept(raw) : reject("a path");
};

/** An address to listen on. */
export const parseHost: Parser<string> = (raw) => {
  const isHost = typeof raw === "string" && /^[a-z0-9.:_-]{1,253}$/i.test(raw);
  return isHost ? accept(raw) : reject("an IP address or a host name, without scheme and port");
};

/** A private key: 64 hexadecimal digits, with or without `0x`. Returned lower-case with `0x`. */
export const parsePrivateKey: Parser<Hex> = (raw) => {
  const expected = "a private key: 0x and 64 hexadecimal digits";
  const digits = typeof raw === "string" ? /^(?:0x)?([0-9a-f]{64})$/i.exec(raw.trim())?.[1] : undefined;
  if (digits === undefined) return reject(expected);
  const scalar = BigInt(`0x${digits}`);
  if (scalar === 0n || scalar >= GROUP_ORDER) return reject(`${expected}, above 0 and below the order of secp256k1`);
  return accept<Hex>(`0x${digits.toLowerCase()}`);
};

/** An address: `0x` and 40 hexadecimal digits, with a right checksum (EIP-55) where it has letters of both cases. */
export const parseAddressSetting: Parser<Address> = (raw) => {
  const text = typeof raw === "string" ? raw.trim() : "";
  if (!/^0x[0-9a-f]{40}$/i.test(text)) return reject("an address: 0x and 40 hexadecimal digits");
  const digits = text.slice(2);
  const lower = digits.toLowerCase();
  const isMixed = digits !== lower && digits !== digits.toUpperCase();
  if (isMixed && digits !== withChecksum(lower)) return reject("an address with a right checksum: is a digit wrong?");
  return accept<Address>(`0x${lower}`);
};

function withChecksum(lower: string): string {
  const hash = keccak256Hex(new TextEncoder().encode(lower)).slice(2);
  return Array.from(lower, (digit, at) => (hash.charAt(at) >= "8" ? digit.toUpperCase() : digit)).join("");
}

/** The URL of a remote signer. */
export const parseSignerUrl: Parser<string> = (raw) => {
  const text = typeof raw === "string" ? raw.trim() : "";
  const url = URL.canParse(text) ? new URL(text) : null;
  const isUrl = url !== null && /^https?:$/.test(url.protocol) && hasDecodableUserInfo(url);
  return isUrl ? accept(text) : reject("a URL: https://host:port, or http://host:port", redactUrl(text));
};

const HASH = /^0x[0-9a-f]{64}$/i;

/** A hash of 32 bytes, in lower case. */
export const parseHashSetting: Parser<Hash> = (raw) => {
  const isHash = typeof raw === "string" && HASH.test(raw.trim());
  return isHash ? accept(raw.trim().toLowerCase() as Hash) : reject("a hash: 0x and 64 hexadecimal digits");
};

/** A block as `number:hash`. */
export const parsePinnedBlock: Parser<PinnedBlock> = (raw) => {
  const [number = "", hash = "", ...rest] = typeof raw === "string" ? raw.trim().split(":") : [];
  const isBlock = rest.length === 0 && /^\d{1,15}$/.test(number) && HASH.test(hash);
  if (!isBlock) return reject("a block as number:hash, such as 21925176:0x… with 64 hexadecimal digits");
  return accept(Object.freeze({ number: Number(number), hash: hash.toLowerCase() as Hash }));
};
