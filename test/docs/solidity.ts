import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import type { InterfaceAbi } from "ethers";

import { ROOT } from "./documents.ts";

interface Compiled {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

interface Output {
  readonly errors?: readonly {
    readonly severity: string;
    readonly formattedMessage: string;
    readonly sourceLocation?: { readonly file: string };
  }[];
  readonly contracts: Readonly<
    Record<string, Readonly<Record<string, { abi: InterfaceAbi; evm: { bytecode: { object: string } } }>>>
  >;
}

const solc = createRequire(import.meta.url)("solc") as {
  compile(input: string, callbacks: { import: (path: string) => { contents: string } | { error: string } }): string;
};

/** Compiles a contract as if it lay in a folder of the repository, with warnings as errors. */
export function compileContract(name: string, content: string): Compiled {
  const file = `docs/${name}.sol`;
  const input = {
    language: "Solidity",
    sources: { [file]: { content: `// SPDX-License-Identifier: MIT\n${content}` } },
    settings: {
      evmVersion: "prague",
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { [file]: { [name]: ["abi", "evm.bytecode.object"] } },
    },
  };
  const find = (path: string) => {
    const found = [path, join("node_modules", path)].map((each) => join(ROOT, each)).find((each) => existsSync(each));
    return found === undefined ? { error: `no ${path}` } : { contents: readFileSync(found, "utf8") };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find })) as Output;
  // Warnings of what it imports are not its own.
  const faults = (output.errors ?? []).filter(
    (each) => each.severity === "error" || each.sourceLocation?.file === file,
  );
  if (faults.length > 0) throw new Error(faults.map(({ formattedMessage }) => formattedMessage).join("\n"));
  const { abi, evm } = output.contracts[file]![name]!;
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}
