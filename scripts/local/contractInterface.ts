import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Interface } from "ethers";
import type { ErrorFragment } from "ethers";

import { PROJECT_ROOT } from "./projectRoot.ts";

const FOLDERS = {
  CollateralVault: "clearing",
  InsuranceFund: "clearing",
  LiquidationAuction: "clearing",
  OrderSettlement: "clearing",
  PositionLedger: "clearing",
  FlawedPositionLedger: "mocks",
  MockAggregator: "mocks",
  MockToken: "mocks",
  InstrumentRegistry: "risk",
  MarginEngine: "risk",
  PriceOracle: "risk",
  CheckpointRegistry: "sync",
  KeeperRegistry: "sync",
  SyncGuard: "sync",
  WitnessVerifier: "sync",
} as const;

/** A contract whose ABI is read from its artifact. */
export type ContractName = keyof typeof FOLDERS;

const interfaces = new Map<ContractName, Interface>();
let errors: Map<string, ErrorFragment> | undefined;

/** The ABI of a compiled contract. The artifacts exist once `deployLockstep` has run. */
export function contractInterface(name: ContractName): Interface {
  let result = interfaces.get(name);
  if (result === undefined) {
    const path = join(PROJECT_ROOT, "artifacts/contracts", FOLDERS[name], `${name}.sol`, `${name}.json`);
    result = new Interface((JSON.parse(readFileSync(path, "utf8")) as { readonly abi: [] }).abi);
    interfaces.set(name, result);
  }
  return result;
}

/** Errors that Solidity itself raises, by selector. */
const BUILT_IN = new Map([
  ["0x08c379a0", "Error"],
  ["0x4e487b71", "Panic"],
]);

/**
 * Name of the custom error in revert data: an error of any contract of the protocol, because a revert travels up
 * through its callers. What nobody declares is called by its selector, and a revert without data `Reverted`.
 */
export function revertName(data: string): string {
  if (data.length < 10) return "Reverted";
  if (errors === undefined) {
    errors = new Map();
    for (const name of Object.keys(FOLDERS) as ContractName[]) {
      contractInterface(name).forEachError((fragment) => errors?.set(fragment.selector, fragment));
    }
  }
  const selector = data.slice(0, 10);
  return errors.get(selector)?.name ?? BUILT_IN.get(selector) ?? selector;
}
