import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { secp256k1 as noble } from "@noble/curves/secp256k1.js";
import type { TransactionRequest } from "../keeper/actions/plan/TransactionRequest.ts";
import { keccak_256 as keccak } from "@noble/hashes/sha3.js";
import { concat, getBytes, Transaction, Wallet } from "ethers";
import { privateKeyToAccount } from "viem/accounts";

import { encodeTransaction } from "../keeper/actions/plan/encodeTransaction.ts";
import { encodeTypedData } from "../keeper/actions/plan/encodeTypedData.ts";
import { KeySigner } from "../keeper/actions/signers/KeySigner.ts";
import { bytesToHex, hexToBytes, type Hex } from "../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../keeper/lib/keccak.ts";

/**
 * What it takes to sign one transaction, from the request to the raw bytes and their hash, and one EIP-712 digest:
 * `node bench/signers.ts [--rounds 2000] [--json]`.
 *
 * The sides take turns, so that what the machine does meanwhile hits all of them; each signature is timed alone. Before,
 * every side's answer is compared with the others'. `noble` signs with `@noble/curves` and encodes as the keeper does.
 *
 * JSON: `{cpu, rounds, rows: [{work, side, medianMs, p99Ms}]}`.
 */
const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "2000" } },
});
const rounds = Number(values.rounds);

const KEY: Hex = `0x${"42".repeat(32)}`;
const REQUEST: TransactionRequest = {
  ...{ chainId: 1, to: `0x${"11".repeat(20)}`, data: `0x${"5a".repeat(164)}`, nonce: 7 },
  ...{ gasLimit: 400_000n, maxFeePerGas: 50n * 10n ** 9n, maxPriorityFeePerGas: 2n * 10n ** 9n },
};
const TYPED = { domainSeparator: `0x${"0a".repeat(32)}`, structHash: `0x${"0b".repeat(32)}` } as const;

const ours = new KeySigner(KEY);
const wallet = new Wallet(KEY);
const account = privateKeyToAccount(KEY);
const keyBytes = hexToBytes(KEY);

function byNoble(digest: Uint8Array): { yParity: 0 | 1; r: Uint8Array; s: Uint8Array } {
  const signature = noble.sign(digest, keyBytes, { prehash: false, format: "recovered" });
  return { yParity: signature[0] === 1 ? 1 : 0, r: signature.slice(1, 33), s: signature.slice(33) };
}

type Side = () => string | Promise<string>;
const WORK: Readonly<Record<string, Readonly<Record<string, Side>>>> = {
  transaction: {
    ours: () => ours.signTransaction(REQUEST).raw,
    ethers: () => {
      const transaction = Transaction.from({ ...REQUEST, type: 2 });
      transaction.signature = wallet.signingKey.sign(transaction.unsignedHash);
      return transaction.hash === null ? "" : transaction.serialized;
    },
    viem: async () => {
      const { gasLimit: gas, ...rest } = REQUEST;
      const raw = await account.signTransaction({ ...rest, gas, type: "eip1559" });
      keccak256Hex(getBytes(raw));
      return raw;
    },
    noble: () => {
      const raw = encodeTransaction(REQUEST, byNoble(keccak256(encodeTransaction(REQUEST))));
      keccak256Hex(raw);
      return bytesToHex(raw);
    },
  },
  "typed data": {
    ours: () => ours.signTypedData(TYPED),
    ethers: () => {
      const payload = getBytes(concat(["0x1901", TYPED.domainSeparator, TYPED.structHash]));
      return wallet.signingKey.sign(keccak256Hex(payload)).serialized;
    },
    viem: async () => account.sign({ hash: keccak256Hex(encodeTypedData(TYPED)) }),
    noble: () => {
      const { yParity, r, s } = byNoble(keccak(encodeTypedData(TYPED)));
      return bytesToHex(Uint8Array.of(...r, ...s, 27 + yParity));
    },
  },
};

const rows: { work: string; side: string; medianMs: number; p99Ms: number }[] = [];
for (const [work, sides] of Object.entries(WORK)) {
  const entries = Object.entries(sides);
  const answers = await Promise.all(entries.map(async ([, sign]) => sign()));
  if (new Set(answers).size !== 1) throw new Error(`the sides sign ${work} differently: ${answers.join(" ")}`);
  const times = new Map<string, number[]>(entries.map(([side]) => [side, []]));
  for (let round = -Math.ceil(rounds / 10); round < rounds; round += 1) {
    for (const [side, sign] of entries) {
      const startedAt = performance.now();
      const answer = sign();
      // What answers at once is not made to wait a tick.
      if (answer instanceof Promise) await answer;
      if (round >= 0) times.get(side)?.push(performance.now() - startedAt);
    }
  }
  for (const [side, taken] of times) {
    taken.sort((a, b) => a - b);
    const at = (share: number): number => taken[Math.min(taken.length - 1, Math.floor(share * taken.length))] ?? NaN;
    rows.push({ work, side, medianMs: at(0.5), p99Ms: at(0.99) });
  }
}

const cpu = cpus()[0]?.model ?? "unknown";
if (values.json) console.log(JSON.stringify({ cpu, rounds, rows }));
else {
  console.log(`${cpu}, ${rounds} rounds`);
  for (const { work, side, medianMs, p99Ms } of rows) {
    const [median, p99] = [medianMs, p99Ms].map((ms) => `${ms.toFixed(4)} ms`.padStart(11));
    console.log(`${work.padEnd(12)} ${side.padEnd(7)} median ${median}   p99 ${p99}`);
  }
}
