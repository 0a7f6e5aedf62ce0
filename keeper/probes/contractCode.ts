import type { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import type { Source } from "../chain/sources/Source.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { HexError, hexToBytes, type Address, type Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import { fail, ok, warn, type ProbeOutcome } from "./Probe.ts";

/** Hash of no code. */
const NO_CODE = keccak256Hex(new Uint8Array(0));

/** What is looked at. */
export interface CodeQuestion {
  readonly contracts: Readonly<Record<string, Address>>;
  /** Null where no agreement can be had. */
  readonly reader: VerifiedReader | null;
  readonly sources: readonly Source[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Whether every contract of the deployment has code, and the same code at every source as is proven. */
export async function checkContractCode(question: CodeQuestion): Promise<ProbeOutcome> {
  const { contracts, reader, sources } = question;
  const names = Object.keys(contracts);
  const proven = reader === null ? null : await readProven(reader, Object.values(contracts));
  const claims = await Promise.all(sources.map((source) => readClaims(source, question)));
  const problems: string[] = [];
  for (const [index, name] of names.entries()) {
    const claimed = claims.map((list) => list?.[index] ?? null);
    const truth = proven?.[index] ?? claimed.find((hash) => hash !== null) ?? null;
    if (truth === null) problems.push(`${name}: unknown`);
    else if (truth === NO_CODE) problems.push(`${name}: no code`);
    for (const [at, hash] of claimed.entries()) {
      if (hash !== null && truth !== null && hash !== truth) problems.push(`${name}: other code at ${sources[at]?.id}`);
    }
  }
  if (problems.length > 0) {
    return fail(problems.join("; "), "is the deployment file of this chain? A source with other code lies or lags");
  }
  const answered = claims.filter((list) => list !== null).length;
  const detail = `${names.length} contracts, equal at ${answered} source${answered === 1 ? "" : "s"}`;
  if (proven !== null) return ok(`${detail} and proven`);
  return warn(`${detail}, not proven`, "the sources' word only: nobody could prove the code hashes");
}

async function readProven(reader: VerifiedReader, addresses: readonly Address[]): Promise<Hash[] | null> {
  try {
    const { header } = await reader.head();
    const accounts = await Promise.all(addresses.map((address) => reader.account(address, header)));
    return accounts.map((account) => account?.codeHash ?? NO_CODE);
  } catch (error: unknown) {
    if (error instanceof KeeperError) return null;
    throw error;
  }
}

/** The hash of the code that a source serves for each contract; null where it does not answer. */
async function readClaims(source: Source, question: CodeQuestion): Promise<(Hash | null)[] | null> {
  const { contracts, deadlineMs, signal } = question;
  const calls = Object.values(contracts).map((address) => ({ method: "eth_getCode", params: [address, "latest"] }));
  const items = await source.batch(calls, { deadlineMs, signal });
  if (items.every((item) => !item.ok)) return null;
  return items.map((item) => (item.ok ? hashOfCode(item.result) : null));
}

function hashOfCode(code: unknown): Hash | null {
  try {
    return typeof code === "string" ? keccak256Hex(hexToBytes(code, "code")) : null;
  } catch (error: unknown) {
    if (error instanceof HexError) return null;
    throw error;
  }
}
