import { join } from "node:path";
import { parseArgs } from "node:util";

import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import config from "../hardhat.config.ts";
import { hexToBytes, type Hex } from "../keeper/lib/hex.ts";
import { buildContracts } from "../scripts/local/buildContracts.ts";
import { PROJECT_ROOT } from "../scripts/local/projectRoot.ts";
import { readAccountProof, readHeaderRlp, readStorageProof } from "../test/helpers/proofs.ts";
import { readRealAccounts } from "../test/contracts/proofs/realProofs.ts";
// Types `deployContract` by the contract's name.
import type {} from "../types/ethers-contracts/hardhat.d.ts";

/**
 * What it costs to verify a header with an account proof, and a storage word below it, on chain, and what its calldata
 * costs under each pricing: `node bench/proofs.ts [--json]`. The verifier is the library behind a mock, so this is what the
 * proof takes of a transaction that does something with it.
 *
 * JSON: `{rows: [{proof, nodes, bytes, execution, calldata, now, floor7623, floor7976, then}]}`.
 */

/** Gas of a transaction before anything else (yellow paper, appendix G). */
const TRANSACTION = 21_000;
/** Gas of a zero byte and of another one (EIP-2028), and in the floor that a transaction pays at least (EIP-7623). */
const STANDARD = [4, 16] as const;
const FLOOR_7623 = [10, 40] as const;
/** Floor of a byte whatever it is, which Amsterdam shall bring (EIP-7976). */
const FLOOR_7976 = [64, 64] as const;

/** A proof as a transaction to the verifier. */
interface ProofCase {
  readonly name: string;
  /** Nodes of the account's proof, and of the word's. */
  readonly nodes: readonly [number, number?];
  readonly data: string;
}

/** What a proof costs; gas, but for `nodes` and `bytes`. */
interface ProofRow {
  readonly proof: string;
  readonly nodes: string;
  /** Of the transaction's data. */
  readonly bytes: number;
  readonly execution: number;
  /** Of the data by EIP-2028. */
  readonly calldata: number;
  /** The whole transaction under Prague. */
  readonly now: number;
  /** The least that a transaction with this data costs, by EIP-7623 and by EIP-7976. */
  readonly floor7623: number;
  readonly floor7976: number;
  /** The whole transaction under EIP-7976, nothing else changed. */
  readonly then: number;
}

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const hre = await createHardhatRuntimeEnvironment(
  config,
  { config: join(PROJECT_ROOT, "hardhat.config.ts") },
  PROJECT_ROOT,
);
await buildContracts(hre, (line) => void process.stderr.write(`${line}\n`));
const connection = await hre.network.create();
const { ethers } = connection;
const harness = await ethers.deployContract("StorageProofHarness");

function priceOf(data: string, [zero, other]: readonly [number, number]): number {
  const bytes = hexToBytes(data);
  return bytes.reduce((gas, byte) => gas + (byte === 0 ? zero : other), 0);
}

/** The proofs of the fixtures that say most: blocks of mainnet after Shanghai and after Cancun. */
function mainnetCases(): ProofCase[] {
  const accounts = readRealAccounts().filter(({ name }) => /^mainnet (19000000|21925176) /.test(name));
  return accounts.flatMap(({ name, blockHash, headerRlp, account, slot }) => {
    const [chain, block] = name.split(" ");
    const args: [Hex, Hex, Hex, Hex[]] = [blockHash, headerRlp, account.key, [...account.nodes]];
    const nodes = account.nodes.length;
    const data = harness.interface.encodeFunctionData("rootOf", args);
    const cases: ProofCase[] = [{ name: `${chain} ${block}, account`, nodes: [nodes], data }];
    if (slot === null) return cases;
    const word = harness.interface.encodeFunctionData("wordOf", [...args, slot.key, [...slot.nodes]]);
    return [...cases, { name: `${chain} ${block}, word`, nodes: [nodes, slot.nodes.length], data: word }];
  });
}

/** The balance of one of 20 holders of a token, on this chain of a few accounts. */
async function localCases(): Promise<ProofCase[]> {
  const token = await ethers.deployContract("MockToken", ["Token", "TKN", 6]);
  const holders = await ethers.getSigners();
  for (const { address } of holders) await token.mint(address, 1_000_000n);
  const [block, address] = [await ethers.provider.getBlock("latest"), await token.getAddress()];
  const [holder] = holders;
  if (block?.hash == null || holder === undefined) throw new Error("the chain has no block or no account");
  // `_balances` of OpenZeppelin's ERC20 is variable 0.
  const slot = ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [holder.address, 0]));
  const headerRlp = await readHeaderRlp(ethers, block.number);
  const account = await readAccountProof(ethers, address, block.number);
  const word = await readStorageProof(ethers, address, slot, block.number);
  const args = [block.hash, headerRlp, address, account] as const;
  return [
    {
      name: "local, account",
      nodes: [account.length],
      data: harness.interface.encodeFunctionData("rootOf", [...args]),
    },
    {
      name: "local, word",
      nodes: [account.length, word.length],
      data: harness.interface.encodeFunctionData("wordOf", [...args, slot, word]),
    },
  ];
}

async function measure({ name, nodes, data }: ProofCase): Promise<ProofRow> {
  const signer = await ethers.provider.getSigner();
  const sent = await signer.sendTransaction({ to: harness.target, data, gasLimit: 10_000_000 });
  const now = Number((await sent.wait())?.gasUsed);
  const calldata = priceOf(data, STANDARD);
  const floor7623 = TRANSACTION + priceOf(data, FLOOR_7623);
  const floor7976 = TRANSACTION + priceOf(data, FLOOR_7976);
  // Where the floor was paid, what the execution took is not known.
  if (now <= floor7623) throw new Error(`${name}: the floor hides what the execution costs`);
  return {
    proof: name,
    nodes: nodes.join(" + "),
    bytes: hexToBytes(data).length,
    execution: now - TRANSACTION - calldata,
    calldata,
    now,
    floor7623,
    floor7976,
    then: Math.max(now, floor7976),
  };
}

/** A Markdown table; numbers to the right. */
function render(rows: readonly ProofRow[]): string {
  const heads: readonly [keyof ProofRow, string][] = [
    ["proof", "proof"],
    ["nodes", "nodes"],
    ["bytes", "bytes"],
    ["execution", "execution"],
    ["calldata", "calldata (EIP-2028)"],
    ["now", "transaction"],
    ["floor7623", "floor (EIP-7623)"],
    ["floor7976", "floor (EIP-7976)"],
    ["then", "with EIP-7976"],
  ];
  const isText = (at: number): boolean => at < 2;
  const table = [
    heads.map(([, head]) => head),
    ...rows.map((row) => heads.map(([key]) => row[key].toLocaleString("en-GB"))),
  ];
  const widths = heads.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  const rule = widths.map((width, at) => (isText(at) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const pad = (cell: string, at: number): string =>
    isText(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  const [head = [], ...body] = table.map((row) => row.map(pad));
  return [head, rule, ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const rows: ProofRow[] = [];
// Two fixtures may have an account in common.
const cases = new Map([...mainnetCases(), ...(await localCases())].map((proof) => [proof.data, proof]));
for (const proof of cases.values()) rows.push(await measure(proof));
rows.sort((a, b) => a.bytes - b.bytes);
process.stdout.write(values.json ? `${JSON.stringify({ rows })}\n` : `${render(rows)}\n`);
await connection.close();
