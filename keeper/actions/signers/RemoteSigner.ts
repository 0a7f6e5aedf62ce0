import { ECDH } from "node:crypto";
import { KeeperError } from "../../errors/KeeperError.ts";
import { bytesToHex, hexToBytes, parseData, type Address, type Hex } from "../../lib/hex.ts";
import { keccak256, keccak256Hex } from "../../lib/keccak.ts";
import { encodeTransaction } from "../plan/encodeTransaction.ts";
import { encodeTypedData } from "../plan/encodeTypedData.ts";
import type { TransactionRequest } from "../plan/TransactionRequest.ts";
import type { TypedData } from "../plan/TypedData.ts";
import { secp256k1, type Signature } from "./secp256k1.ts";
import type { SignedTransaction, Signer } from "./Signer.ts";
import type { SignerClient } from "./SignerClient.ts";
import { toSignature } from "./toSignature.ts";

/** A signature and a line end. */
const MAX_SIGNATURE_BYTES = 256;
const MAX_UPCHECK_BYTES = 4_096;
/** Some 30,000 keys. */
const MAX_LIST_BYTES = 4_194_304;
const PUBLIC_KEY = /^(?:0x)?(?:0[23][0-9a-f]{64}|(?:04)?[0-9a-f]{128})$/i;

/**
 * A key that is held by a signer which speaks Web3Signer's eth1 API: `POST /api/v1/eth1/sign/{public key}` signs the hash of
 * `data`, `GET /api/v1/eth1/publicKeys` lists keys, `GET /upcheck` answers when it is up (web3signer 23.11, openapi
 * eth1/web3signer.yaml). The data is the unsigned transaction payload, or `0x1901 || domain || struct`.
 *
 * Nothing that it answers is believed: the address is recovered from each signature over the hash computed here, and a
 * signature by another key or of another digest is refused (`SignerWrongSignature`).
 */
export class RemoteSigner implements Signer {
  readonly kind = "remote";
  readonly address: Address;
  readonly #client: SignerClient;
  /** Name of the key at the signer, once it is known. */
  #identifier: string | null = null;

  constructor(address: Address, client: SignerClient) {
    this.address = address;
    this.#client = client;
  }

  async signTransaction(request: TransactionRequest): Promise<SignedTransaction> {
    const signature = await this.#sign(encodeTransaction(request));
    const raw = encodeTransaction(request, signature);
    return { raw: bytesToHex(raw), hash: keccak256Hex(raw) };
  }

  async signTypedData(typed: TypedData): Promise<Hex> {
    return toSignature(await this.#sign(encodeTypedData(typed)));
  }

  /** Whether the signer is up and holds the key; it also keeps the connection warm. */
  async check(): Promise<void> {
    await this.#client.call({ path: "/upcheck", maxAnswerBytes: MAX_UPCHECK_BYTES });
    this.#identifier = await this.#findKey();
  }

  close(): void {
    this.#client.close();
  }

  async #sign(data: Uint8Array): Promise<Signature> {
    this.#identifier ??= await this.#findKey();
    const path = `/api/v1/eth1/sign/${this.#identifier}`;
    const body = { data: bytesToHex(data) };
    const answer = await this.#client.call({ path, body, maxAnswerBytes: MAX_SIGNATURE_BYTES });
    const signature = this.#readSignature(answer);
    const recovered = secp256k1.recover(keccak256(data), signature);
    if (recovered === this.address) return secp256k1.toLowS(signature);
    throw this.#wrong(`of ${recovered ?? "nobody"} for what was to be signed by ${this.address}`, { recovered });
  }

  #readSignature(answer: string): Signature {
    let bytes: Uint8Array;
    try {
      bytes = parseData(answer.trimEnd(), "signature", { length: 65 });
    } catch {
      throw this.#wrong("that is not 65 bytes of hex");
    }
    const [v = 0] = bytes.subarray(64);
    const yParity = v >= 27 ? v - 27 : v;
    if (yParity !== 0 && yParity !== 1) throw this.#wrong(`with a v of ${v}: expected 0, 1, 27 or 28`);
    return { yParity, r: bytes.subarray(0, 32), s: bytes.subarray(32, 64) };
  }

  /** The signer's own name of the key whose address is ours. */
  async #findKey(): Promise<string> {
    const text = await this.#client.call({ path: "/api/v1/eth1/publicKeys", maxAnswerBytes: MAX_LIST_BYTES });
    const keys = parseList(text);
    if (keys === undefined) {
      throw this.#fault("SignerMalformed", "its list of public keys is no JSON list of texts");
    }
    const found = keys.find((key) => addressOf(key) === this.address);
    if (found !== undefined) return found;
    const detail = `it holds ${keys.length} key${keys.length === 1 ? "" : "s"}, none of ${this.address}`;
    throw this.#fault("SignerKeyMissing", detail, { address: this.address, keyCount: keys.length });
  }

  #wrong(what: string, payload: Record<string, unknown> = {}): KeeperError {
    const { address } = this;
    return this.#fault("SignerWrongSignature", `it answered with a signature ${what}`, { address, ...payload });
  }

  #fault(code: string, reason: string, payload: Record<string, unknown> = {}): KeeperError {
    const url = this.#client.redactedUrl;
    return new KeeperError(code, `signer ${url}: ${reason}`, { url, ...payload });
  }
}

function parseList(text: string): string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isList = Array.isArray(value) && value.every((key) => typeof key === "string");
  return isList ? (value as string[]) : undefined;
}

/** The address of a public key of 33, 64 or 65 bytes; null for what is no point of the curve. */
function addressOf(publicKey: string): Address | null {
  if (!PUBLIC_KEY.test(publicKey)) return null;
  const digits = publicKey.replace(/^0x/i, "");
  const encoded = digits.length === 128 ? `04${digits}` : digits;
  try {
    const point = ECDH.convertKey(encoded, "secp256k1", "hex", "hex", "uncompressed") as string;
    return secp256k1.addressOf(hexToBytes(`0x${point}`));
  } catch {
    return null;
  }
}
