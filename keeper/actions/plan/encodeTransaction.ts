import { bigintToBytes } from "../../lib/bytes.ts";
import { hexToBytes } from "../../lib/hex.ts";
import { encodeRlp, type RlpInput } from "../../lib/rlp.ts";
import type { TransactionRequest } from "./TransactionRequest.ts";

/** A signature's parts, as EIP-1559 writes them. */
export interface TransactionSignature {
  /** Whether the y coordinate of the nonce's point is odd. */
  readonly yParity: 0 | 1;
  /** Big-endian; leading zeros are left out of the encoding. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
}

/** Type byte of EIP-1559 transactions (EIP-2718). */
const TYPE = 2;
const NOTHING = new Uint8Array(0);

/**
 * An EIP-1559 transaction without value and access list, as EIP-2718 payload: with a signature what is broadcast, without
 * one the payload whose hash is signed.
 */
export function encodeTransaction(request: TransactionRequest, signature?: TransactionSignature): Uint8Array {
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, data } = request;
  const fields: RlpInput[] = [
    bigintToBytes(BigInt(chainId)),
    bigintToBytes(BigInt(nonce)),
    bigintToBytes(maxPriorityFeePerGas),
    bigintToBytes(maxFeePerGas),
    bigintToBytes(gasLimit),
    hexToBytes(to, "to"),
    NOTHING,
    hexToBytes(data, "data"),
    [],
  ];
  if (signature !== undefined) {
    const { yParity, r, s } = signature;
    fields.push(yParity === 0 ? NOTHING : Uint8Array.of(1), withoutZeros(r), withoutZeros(s));
  }
  const list = encodeRlp(fields);
  const payload = new Uint8Array(1 + list.length);
  payload[0] = TYPE;
  payload.set(list, 1);
  return payload;
}

/** The minimal bytes of a big-endian integer, as RLP demands of integers. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start += 1;
  return bytes.subarray(start);
}
