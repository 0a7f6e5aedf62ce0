import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, posix } from "node:path";

import type { InterfaceAbi } from "ethers";

const require = createRequire(import.meta.url);
const ROOT = dirname(require.resolve("@morpho-org/morpho-blue/package.json"));
const CONTRACTS = {
  Morpho: "src/Morpho.sol",
  OracleMock: "src/mocks/OracleMock.sol",
  IrmMock: "src/mocks/IrmMock.sol",
} as const;

/** What deploying a contract takes. */
export interface CompiledContract {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<
    Record<string, Readonly<Record<string, { abi: InterfaceAbi; evm: { bytecode: { object: string } } }>>>
  >;
}

/**
 * Compiles Morpho Blue with the compiler and the settings of our own contracts. The version in its pragmas is changed in
 * memory, nothing else.
 *
 * @param settings of the project's compiler, its output selection apart
 */
export async function compileMorpho(
  settings: Readonly<Record<string, unknown>>,
): Promise<Record<keyof typeof CONTRACTS, CompiledContract>> {
  const solc = require("solc") as { compile: (input: string) => string };
  const sources: Record<string, { content: string }> = {};
  for (const path of Object.values(CONTRACTS)) await readSources(path, sources);
  const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object"] } };
  const input = { language: "Solidity", sources, settings: { ...settings, outputSelection } };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const failures = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (failures.length > 0) throw new Error(failures.map(({ formattedMessage }) => formattedMessage).join("\n"));
  const entries = Object.entries(CONTRACTS).map(([name, path]) => {
    const compiled = output.contracts[path]?.[name];
    if (!compiled) throw new Error(`${path} has no ${name}`);
    return [name, { abi: compiled.abi, bytecode: `0x${compiled.evm.bytecode.object}` }];
  });
  return Object.fromEntries(entries) as Record<keyof typeof CONTRACTS, CompiledContract>;
}

/** Reads a source and what it imports. */
async function readSources(path: string, sources: Record<string, { content: string }>): Promise<void> {
  if (sources[path]) return;
  const text = await readFile(posix.join(ROOT, path), "utf8");
  sources[path] = { content: text.replace(/pragma solidity [^;]+;/, "pragma solidity ^0.8.0;") };
  const imports = text.matchAll(/import[^;]*"(\.[^"]+)"/g);
  for (const [, imported = ""] of imports) await readSources(posix.join(posix.dirname(path), imported), sources);
}
