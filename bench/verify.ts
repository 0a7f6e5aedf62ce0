import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { createBlockHeaderFromRLP, createBlockHeaderFromRPC, type JSONRPCBlock } from "@ethereumjs/block";
import { createMPT, verifyMerkleProof } from "@ethereumjs/mpt";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { decodeRlp, encodeRlp, getBytes, hexlify, type RlpStructuredDataish } from "ethers";

import { decodeHeader, encodeHeader, verifyHeader } from "../keeper/chain/verify/header.ts";
import { verifyAccountProof, verifyStorageProof } from "../keeper/chain/verify/proof.ts";
import { verifyReceipts } from "../keeper/chain/verify/receipts.ts";
import { bytesEqual } from "../keeper/lib/bytes.ts";
import { bigintToHex32, bytesToHex, hexToBytes, type Hash } from "../keeper/lib/hex.ts";
import { keccak256 } from "../keeper/lib/keccak.ts";
import {
  readHeaders,
  readMainnetHeader,
  readProofs,
  readReceipts,
  type ReceiptFixture,
} from "../test/fixtures/mainnet/chainData.ts";

/**
 * What one core verifies in a second of its time, beside `@ethereumjs/block`, `@ethereumjs/mpt` and `@noble/hashes`, on
 * headers, proofs and receipts of mainnet: `npm run bench:verify -- [--rounds 9] [--ms 100] [--json]`.
 *
 * The two sides take turns within each round, and the medians of the rounds are compared: how fast a machine is may
 * change from minute to minute. Processor time is counted, so that what others take of the machine is not. Both sides
 * are checked to be right as they run. The other side's proofs are given as bytes and its headers' forks are prepared;
 * ours are read from the answer's hex.
 *
 * JSON: `{rows: [{name, ours, theirs, ratio, unit}]}`; ratio is how many times better ours is.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "9" },
    ms: { type: "string", default: "100" },
  },
});
const rounds = Number(values.rounds);
const batchMs = Number(values.ms);

/** One side of a comparison: does the work once for every input; how many that were. */
type Work = () => number | Promise<number>;

interface Contest {
  readonly name: string;
  /** What is counted. */
  readonly what: string;
  readonly ours: Work;
  readonly theirs: Work;
}

interface Row {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
  readonly unit: string;
}

function demand(condition: boolean, what: string): void {
  if (!condition) throw new Error(`${what}: the answers differ, there is nothing to compare`);
}

function headerContests(): Contest[] {
  const inputs = readHeaders()
    .filter(({ network }) => network === "mainnet")
    .map(({ hash, header }) => {
      // What the library knows of the fork is prepared: finding it out takes it longer than all else.
      const { common } = createBlockHeaderFromRPC(header as unknown as JSONRPCBlock, { setHardfork: true });
      return { hash, header, bytes: hexToBytes(hash), rlp: encodeHeader(header).rlp, options: { common } };
    });
  return [
    {
      name: "header from JSON-RPC, to its hash",
      what: "headers",
      ours: () => {
        for (const { header, hash } of inputs) verifyHeader(header, hash);
        return inputs.length;
      },
      theirs: () => {
        for (const { header, bytes, hash, options } of inputs) {
          const theirs = createBlockHeaderFromRPC(header as unknown as JSONRPCBlock, options);
          demand(bytesEqual(theirs.hash(), bytes), hash);
        }
        return inputs.length;
      },
    },
    {
      name: "header from RLP, to its hash",
      what: "headers",
      ours: () => {
        for (const { rlp, hash } of inputs) demand(decodeHeader(rlp).hash === hash, hash);
        return inputs.length;
      },
      theirs: () => {
        for (const { rlp, bytes, hash, options } of inputs) {
          demand(bytesEqual(createBlockHeaderFromRLP(rlp, options).hash(), bytes), hash);
        }
        return inputs.length;
      },
    },
  ];
}

/** Proofs from the state tries of mainnet blocks after Shanghai: eight or nine nodes. */
function proofContests(): Contest[] {
  const fixtures = readProofs().filter(({ network, number }) => network === "mainnet" && number > 17_000_000);
  const toBytes = (proof: readonly string[]): Uint8Array[] => proof.map((node) => hexToBytes(node));
  const accounts = fixtures.map(({ stateRoot, proof }) => {
    const { address, accountProof, storageHash } = proof;
    return { stateRoot, address, accountProof, storageHash, root: hexToBytes(stateRoot), nodes: toBytes(accountProof) };
  });
  const words = fixtures.flatMap(({ proof: { storageHash, storageProof } }) => {
    return storageProof.map(({ key, value, proof }) => {
      const slot = bigintToHex32(BigInt(key));
      return { storageHash, slot, value: BigInt(value), proof, root: hexToBytes(storageHash), nodes: toBytes(proof) };
    });
  });
  return [
    {
      name: "account proof of mainnet depth",
      what: "proofs",
      ours: () => {
        for (const { stateRoot, address, accountProof: proof, storageHash } of accounts) {
          demand(verifyAccountProof({ stateRoot, address, proof })?.storageRoot === storageHash, address);
        }
        return accounts.length;
      },
      theirs: async () => {
        for (const { root, address, nodes, storageHash } of accounts) {
          const value = await verifyMerkleProof(hexToBytes(address), nodes, { root, useKeyHashing: true });
          demand(value !== null && hexlify(value).includes(storageHash.slice(2)), address);
        }
        return accounts.length;
      },
    },
    {
      name: "storage proof",
      what: "proofs",
      ours: () => {
        for (const { storageHash: storageRoot, slot, proof, value } of words) {
          demand(verifyStorageProof({ storageRoot, slot, proof }) === value, slot);
        }
        return words.length;
      },
      theirs: async () => {
        for (const { root, slot, nodes, value } of words) {
          const proven = await verifyMerkleProof(hexToBytes(slot), nodes, { root, useKeyHashing: true });
          demand((proven === null ? 0n : BigInt(decodeRlp(proven) as string)) === value, slot);
        }
        return words.length;
      },
    },
  ];
}

/** A receipt as the trie holds it, by ethers. */
function encodeReceipt({ type, status, cumulativeGasUsed, logsBloom, logs }: ReceiptFixture): Uint8Array {
  const quantity = (value: string): string => (BigInt(value) === 0n ? "0x" : hexlify(getBytes(evenHex(value))));
  const items: RlpStructuredDataish = [
    quantity(status),
    quantity(cumulativeGasUsed),
    logsBloom,
    logs.map(({ address, topics, data }) => [address, [...topics], data]),
  ];
  return getBytes(type === "0x0" ? encodeRlp(items) : `${evenHex(type)}${encodeRlp(items).slice(2)}`);
}

function evenHex(value: string): string {
  return value.length % 2 === 0 ? value : `0x0${value.slice(2)}`;
}

function receiptContest(): Contest {
  const receipts = readReceipts();
  const root = readMainnetHeader(21_925_176).header["receiptsRoot"] as Hash;
  return {
    name: `block of ${receipts.length} receipts and 463 logs, to its root`,
    what: "blocks",
    ours: () => {
      demand(verifyReceipts(receipts, root).length === 463, root);
      return 1;
    },
    theirs: async () => {
      const trie = await createMPT();
      for (const [index, receipt] of receipts.entries()) {
        await trie.put(
          getBytes(encodeRlp(index === 0 ? "0x" : evenHex(`0x${index.toString(16)}`))),
          encodeReceipt(receipt),
        );
      }
      demand(bytesToHex(trie.root()) === root, root);
      return 1;
    },
  };
}

function keccakContest(size: number): Contest {
  const inputs = Array.from({ length: 100 }, (_, at) => new Uint8Array(size).fill(at));
  for (const bytes of inputs) demand(bytesEqual(keccak256(bytes), keccak_256(bytes)), "keccak");
  const hashAll = (hash: (bytes: Uint8Array) => Uint8Array) => (): number => {
    for (const bytes of inputs) hash(bytes);
    return inputs.length;
  };
  return { name: `Keccak-256 of ${size} bytes`, what: "hashes", ours: hashAll(keccak256), theirs: hashAll(keccak_256) };
}

/** Operations in a second of processor time, over at least as much of it as a batch takes. */
async function rateOf(work: Work): Promise<number> {
  const start = process.cpuUsage();
  for (let count = 0; ;) {
    count += await work();
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1_000;
    if (ms >= batchMs) return (count / ms) * 1_000;
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Kilobytes of heap and buffers that one operation takes; so few are run that nothing is collected meanwhile. */
async function memoryOf(work: Work): Promise<number> {
  const used = (): number => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  // Buffers are freed behind the collector's back, by the time it has run once more.
  collectGarbage();
  await setImmediate();
  collectGarbage();
  const before = used();
  const count = await work();
  return (used() - before) / count / 1_024;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

async function measure({ name, what, ours, theirs }: Contest): Promise<Row[]> {
  const sides = [ours, theirs].map((work) => ({ work, rates: [] as number[], memory: [] as number[] }));
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const { work, rates, memory } of sides) {
      const rate = await rateOf(work);
      if (round === 0) continue;
      rates.push(rate);
      memory.push(await memoryOf(work));
    }
  }
  const [rate, otherRate] = sides.map(({ rates }) => median(rates)) as [number, number];
  const [memory, otherMemory] = sides.map(({ memory: kilobytes }) => median(kilobytes)) as [number, number];
  process.stderr.write(`${name}: ${(rate / otherRate).toFixed(1)} times\n`);
  return [
    { name, ours: rate, theirs: otherRate, ratio: rate / otherRate, unit: `${what}/s` },
    { name, ours: memory, theirs: otherMemory, ratio: otherMemory / memory, unit: "KB allocated" },
  ];
}

function format(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A Markdown table; numbers to the right. */
function render(rows: readonly Row[]): string {
  const table = [
    ["what", "unit", "ours", "theirs", "ratio"],
    ...rows.map(({ name, unit, ours, theirs, ratio }) => [name, unit, format(ours), format(theirs), format(ratio)]),
  ];
  const widths = [0, 1, 2, 3, 4].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  const isText = (at: number): boolean => at < 2;
  const rule = widths.map((width, at) => (isText(at) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const pad = (cell: string, at: number): string =>
    isText(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  const [head = [], ...body] = table.map((row) => row.map(pad));
  return [head, rule, ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const contests = [...headerContests(), ...proofContests(), receiptContest(), keccakContest(64), keccakContest(532)];
const rows: Row[] = [];
for (const contest of contests) rows.push(...(await measure(contest)));
process.stdout.write(values.json ? `${JSON.stringify({ rows })}\n` : `${render(rows)}\n`);
