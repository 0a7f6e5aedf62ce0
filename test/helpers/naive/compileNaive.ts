import { readFileSync } from "node:fs";

import type { InterfaceAbi } from "ethers";
import solc from "solc";

/** What is deployed of a contract. */
export interface NaiveContract {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<
    Record<
      string,
      Record<string, { readonly abi: InterfaceAbi; readonly evm: { readonly bytecode: { readonly object: string } } }>
    >
  >;
}

const { compile } = solc as { readonly compile: (input: string) => string };
const SOURCE = new URL("../../contracts/naive/Naive.sol", import.meta.url);

/** The contracts of test/contracts/naive/Naive.sol by name: they are no part of the project's build, so that nobody deploys them. */
export function compileNaive(): ReadonlyMap<string, NaiveContract> {
  const input = {
    language: "Solidity",
    sources: { Naive: { content: readFileSync(SOURCE, "utf8") } },
    settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const { errors = [], contracts } = JSON.parse(compile(JSON.stringify(input))) as Output;
  const [failed] = errors.filter(({ severity }) => severity === "error");
  if (failed !== undefined) throw new Error(failed.formattedMessage);
  const pairs = Object.entries(contracts["Naive"] ?? {});
  return new Map(pairs.map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]));
}
