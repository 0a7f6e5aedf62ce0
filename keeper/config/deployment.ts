import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Address } from "../lib/hex.ts";
import { toJson } from "../lib/toJson.ts";
import { suggest } from "./suggest.ts";

/** The contracts that the keeper talks to, in the order in which they are shown. */
export const CONTRACT_NAMES = [
  "CollateralVault",
  "PositionLedger",
  "OrderSettlement",
  "LiquidationAuction",
  "InsuranceFund",
  "InstrumentRegistry",
  "PriceOracle",
  "MarginEngine",
  "SyncGuard",
  "KeeperRegistry",
  "CheckpointRegistry",
  "AccessManager",
  "SettlementToken",
] as const;
export type ContractName = (typeof CONTRACT_NAMES)[number];

/** Where Lockstep lives on a chain. Addresses are lower-case, non-zero and distinct. */
export interface Deployment {
  readonly chainId: number;
  /** The block from which events are replayed: no contract exists before it. */
  readonly deploymentBlock: number;
  readonly contracts: Readonly<Record<ContractName, Address>>;
}

const IGNITION_FILE = "deployed_addresses.json";

/**
 * Reads a deployment file.
 *
 * @throws KeeperError `DeploymentInvalid` naming the file and everything that is wrong with it.
 */
export function loadDeployment(path: string): Deployment {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error: unknown) {
    const isJson = error instanceof SyntaxError;
    const reason = isJson
      ? "the file is no JSON"
      : `the file cannot be read (${(error as NodeJS.ErrnoException).code})`;
    throw deploymentError(path, [reason]);
  }
  return parseDeployment(value, path);
}

/**
 * Reads a deployment: `{chainId, deploymentBlock, contracts}`, or what Hardhat Ignition writes to
 * `deployments/chain-<id>/deployed_addresses.json` (`{"Module#Contract": address}`), whose chain id comes from the
 * folder's name and whose deployment block is 0.
 *
 * @throws KeeperError `DeploymentInvalid`.
 */
export function parseDeployment(value: unknown, path: string): Deployment {
  if (!isRecord(value)) throw deploymentError(path, ["the file does not hold one JSON object"]);
  const problems: string[] = [];
  const isIgnition = basename(path) === IGNITION_FILE || Object.keys(value).some((key) => key.includes("#"));
  const raw = isIgnition ? fromIgnition(value, path, problems) : fromPlain(value, problems);
  const contracts = readContracts(raw.contracts, problems);
  const chainId = readCount(raw.chainId, 1);
  if (chainId === undefined) {
    problems.push(isIgnition ? "no folder chain-<id> around the file" : "chainId is no chain id");
  }
  const deploymentBlock = readCount(raw.deploymentBlock, 0);
  if (deploymentBlock === undefined) problems.push("deploymentBlock is no block number");
  if (problems.length > 0 || chainId === undefined || deploymentBlock === undefined) {
    throw deploymentError(path, problems);
  }
  return Object.freeze({ chainId, deploymentBlock, contracts });
}

interface RawDeployment {
  readonly chainId: unknown;
  readonly deploymentBlock: unknown;
  readonly contracts: Record<string, unknown>;
}

function fromPlain(value: Record<string, unknown>, problems: string[]): RawDeployment {
  const { chainId, deploymentBlock, contracts, ...rest } = value;
  for (const key of Object.keys(rest)) problems.push(unknownText(key, ["chainId", "deploymentBlock", "contracts"]));
  if (!isRecord(contracts)) {
    problems.push("contracts is no object");
    return { chainId, deploymentBlock, contracts: {} };
  }
  for (const name of Object.keys(contracts)) {
    if (!isContractName(name)) problems.push(unknownText(name, CONTRACT_NAMES));
  }
  return { chainId, deploymentBlock, contracts };
}

/** Ignition also lists libraries and mocks: what is no contract of ours is passed over. */
function fromIgnition(value: Record<string, unknown>, path: string, problems: string[]): RawDeployment {
  const contracts: Record<string, unknown> = {};
  for (const [id, address] of Object.entries(value)) {
    const name = id.slice(id.lastIndexOf("#") + 1);
    if (!isContractName(name)) continue;
    if (Object.hasOwn(contracts, name)) problems.push(`${name} is deployed by two modules`);
    contracts[name] = address;
  }
  const folder = /^chain-(\d{1,15})$/.exec(basename(dirname(resolve(path))));
  return { chainId: folder === null ? undefined : Number(folder[1]), deploymentBlock: 0, contracts };
}

function readContracts(raw: Record<string, unknown>, problems: string[]): Readonly<Record<ContractName, Address>> {
  const found: Partial<Record<ContractName, Address>> = {};
  for (const name of CONTRACT_NAMES) {
    if (!Object.hasOwn(raw, name)) {
      problems.push(`${name} is missing`);
      continue;
    }
    const address = readAddress(raw[name]);
    if (typeof address !== "string") problems.push(`${name} ${address.problem}`);
    else {
      const twin = CONTRACT_NAMES.find((other) => found[other] === address);
      if (twin !== undefined) problems.push(`${name} has the same address as ${twin}`);
      found[name] = address;
    }
  }
  return Object.freeze(found as Record<ContractName, Address>);
}

function readAddress(value: unknown): Address | { readonly problem: string } {
  if (typeof value !== "string" || !/^0x[0-9a-f]{40}$/i.test(value)) {
    return { problem: `is ${toJson(value)?.slice(0, 60)}, expected 0x and 40 hexadecimal digits` };
  }
  if (/^0x0+$/.test(value)) return { problem: "is the zero address" };
  const lower = value.toLowerCase() as Address;
  const isMixed = /[a-f]/.test(value) && /[A-F]/.test(value);
  if (isMixed && checksumOf(lower) !== value) return { problem: `is ${value}, whose checksum (EIP-55) is wrong` };
  return lower;
}

/** The address in the mixed case of EIP-55. */
function checksumOf(lower: Address): string {
  const digits = lower.slice(2);
  const hash = Buffer.from(keccak_256(Buffer.from(digits, "ascii"))).toString("hex");
  const isUpper = (index: number): boolean => hash.charAt(index) >= "8";
  return `0x${digits.replaceAll(/./g, (digit, index: number) => (isUpper(index) ? digit.toUpperCase() : digit))}`;
}

function readCount(value: unknown, minimum: number): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= minimum ? (value as number) : undefined;
}

function unknownText(key: string, known: readonly string[]): string {
  const near = suggest(key, known);
  return `${key} is unknown${near === undefined ? "" : `, did you mean ${near}?`}`;
}

function deploymentError(path: string, problems: readonly string[]): KeeperError {
  return new KeeperError("DeploymentInvalid", `${path}: ${problems.join("; ")}`, { path, problems });
}

function isContractName(name: string): name is ContractName {
  return (CONTRACT_NAMES as readonly string[]).includes(name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
