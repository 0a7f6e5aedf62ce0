import { createDecipheriv, pbkdf2, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { scryptAsync as scryptSlowly } from "@noble/hashes/scrypt.js";
import { KeeperError } from "../../errors/KeeperError.ts";
import { concatBytes } from "../../lib/bytes.ts";
import { HexError, parseData } from "../../lib/hex.ts";
import { keccak256 } from "../../lib/keccak.ts";
import { secp256k1 } from "./secp256k1.ts";

const scryptAsync = promisify<Uint8Array, Uint8Array, number, ScryptCost, Buffer>(scrypt);
const pbkdf2Async = promisify(pbkdf2);

interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly maxmem: number;
}

/** A JSON object of the keystore. */
type Fields = Readonly<Record<string, unknown>>;

/** Memory for scrypt: four times what geth's standard cost takes. */
const MAX_SCRYPT_BYTES = 1_073_741_824;
/** Sixteen times geth's standard cost, some ten seconds. */
const MAX_SCRYPT_WORK = 2 ** 25;
const MAX_PBKDF2_ROUNDS = 10_000_000;
const KEY_LENGTH = 32;

/**
 * The private key in an encrypted keystore (Web3 Secret Storage, version 3: AES-128-CTR under a key derived with scrypt or
 * PBKDF2-HMAC-SHA-256, as geth, ethers and web3signer write it). Takes a second or so, off the event loop. The caller
 * wipes the key when it is done with it.
 *
 * A password is taken as its bytes, as geth does, and if that does not open the keystore in Unicode's composed form
 * (NFKC), as ethers and web3.js do.
 *
 * @throws KeeperError `KeystoreInvalid` when the text is no such keystore, or one that costs unreasonably much to open;
 * `KeystoreWrongPassword` when the password does not open it. Neither holds anything of the text or the password.
 */
export async function readKeystore(text: string, password: string): Promise<Uint8Array> {
  const { crypto, address } = readVersion3(text);
  const cipher = stringIn(crypto, "cipher");
  if (cipher !== "aes-128-ctr") throw invalid("its cipher is not aes-128-ctr");
  const iv = bytesIn(objectIn(crypto, "cipherparams"), "iv", 16);
  const ciphertext = bytesIn(crypto, "ciphertext", KEY_LENGTH);
  const mac = bytesIn(crypto, "mac", 32);
  for (const form of new Set([password, password.normalize("NFKC")])) {
    const derived = await deriveKey(crypto, form);
    try {
      const ours = keccak256(concatBytes([derived.subarray(16, 32), ciphertext]));
      if (!timingSafeEqual(ours, mac)) continue;
      const decipher = createDecipheriv("aes-128-ctr", derived.subarray(0, 16), iv);
      // In counter mode all of it comes at once: nothing is left for `final`.
      const key = decipher.update(ciphertext);
      checkAddress(key, address);
      return key;
    } finally {
      derived.fill(0);
    }
  }
  throw new KeeperError("KeystoreWrongPassword", "the password does not open the keystore");
}

function readVersion3(text: string): { readonly crypto: Fields; readonly address: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message repeats pieces of the file.
    throw invalid("it is not JSON: is the file cut off, or another one?");
  }
  const keystore = lowerKeys(value);
  if (keystore === undefined) throw invalid("it is no JSON object");
  const { version, address } = keystore;
  if (version === 4) throw invalid("it is a validator's (version 4, BLS): what is needed is an account's (version 3)");
  if (version !== 3) throw invalid('it has no "version": 3');
  return { crypto: objectIn(keystore, "crypto"), address };
}

async function deriveKey(crypto: Fields, password: string): Promise<Uint8Array> {
  const kdf = stringIn(crypto, "kdf");
  const cost = objectIn(crypto, "kdfparams");
  const salt = bytesIn(cost, "salt");
  if (integerIn(cost, "dklen") !== KEY_LENGTH) throw invalid("its dklen is not 32");
  const secret = new TextEncoder().encode(password);
  try {
    if (kdf === "scrypt") return await deriveByScrypt(secret, salt, readScryptCost(cost));
    if (kdf === "pbkdf2") return await pbkdf2Async(secret, salt, readRounds(cost), KEY_LENGTH, "sha256");
  } finally {
    secret.fill(0);
  }
  throw invalid("its kdf is neither scrypt nor pbkdf2");
}

async function deriveByScrypt(secret: Uint8Array, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
  // OpenSSL holds n below 2^(16 r), as RFC 7914 does; keystores of the first years have n 2^18 with r 1.
  if (Math.log2(cost.N) < 16 * cost.r) return scryptAsync(secret, salt, KEY_LENGTH, cost);
  return scryptSlowly(secret, salt, { ...cost, dkLen: KEY_LENGTH });
}

function readScryptCost(cost: Fields): ScryptCost {
  const [N, r, p] = [integerIn(cost, "n"), integerIn(cost, "r"), integerIn(cost, "p")];
  if (N < 2 || !Number.isInteger(Math.log2(N))) throw invalid("its scrypt n is no power of two above 1");
  const isTooDear = 128 * N * r > MAX_SCRYPT_BYTES || N * r * p > MAX_SCRYPT_WORK;
  if (isTooDear) throw invalid(`opening it costs too much (scrypt n ${N}, r ${r}, p ${p})`);
  return { N, r, p, maxmem: 2 * MAX_SCRYPT_BYTES };
}

function readRounds(cost: Fields): number {
  if (stringIn(cost, "prf") !== "hmac-sha256") throw invalid("its prf is not hmac-sha256");
  const rounds = integerIn(cost, "c");
  if (rounds > MAX_PBKDF2_ROUNDS) throw invalid(`opening it costs too much (pbkdf2 c ${rounds})`);
  return rounds;
}

/** A keystore whose file says another address than its key has was mixed up by somebody. */
function checkAddress(key: Uint8Array, said: unknown): void {
  let actual: string;
  try {
    actual = secp256k1.addressOfKey(key);
  } catch {
    throw invalid("what it holds is no private key");
  }
  if (said === undefined) return;
  const expected = typeof said === "string" ? `0x${said.toLowerCase().replace(/^0x/, "")}` : "";
  if (expected !== actual) throw invalid(`its address is not that of its key, ${actual}`);
}

/** Some programs write `Crypto`, some `address` in another case. */
function lowerKeys(value: unknown): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item as unknown]));
}

function objectIn(parent: Fields, key: string): Fields {
  const value = lowerKeys(parent[key]);
  if (value === undefined) throw invalid(`it has no object "${key}"`);
  return value;
}

function stringIn(parent: Fields, key: string): string {
  const value = parent[key];
  if (typeof value !== "string") throw invalid(`it has no text "${key}"`);
  return value.toLowerCase();
}

function integerIn(parent: Fields, key: string): number {
  const value = parent[key];
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw invalid(`its "${key}" is no whole number above 0`);
  return value as number;
}

function bytesIn(parent: Fields, key: string, length?: number): Uint8Array {
  const digits = stringIn(parent, key).replace(/^0x/, "");
  try {
    return parseData(`0x${digits}`, `its "${key}"`, length === undefined ? { maxLength: 1_024 } : { length });
  } catch (error: unknown) {
    if (error instanceof HexError) throw invalid(error.message);
    throw error;
  }
}

function invalid(reason: string): KeeperError {
  return new KeeperError("KeystoreInvalid", `not a keystore that can be used: ${reason}`, { reason });
}
