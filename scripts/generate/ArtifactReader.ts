import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { GenerateError } from "./GenerateError.ts";
import type { AbiEntry, AstNode, ContractFacts, SolcStorageLayout } from "./solcOutput.ts";

interface Artifact {
  readonly abi: readonly AbiEntry[];
  readonly inputSourceName: string;
  readonly buildInfoId: string;
}

interface BuildOutput {
  readonly output: {
    readonly sources: Readonly<Record<string, { readonly ast: AstNode }>>;
    readonly contracts: Readonly<
      Record<string, Readonly<Record<string, { readonly storageLayout?: SolcStorageLayout }>>>
    >;
  };
}

/** Reads Hardhat's artifacts; one reader keeps the build outputs it has parsed, which are large and shared. */
export class ArtifactReader {
  readonly #artifacts: string;
  readonly #outputs = new Map<string, BuildOutput>();

  /** @param root the project's folder */
  constructor(root: string) {
    this.#artifacts = join(root, "artifacts");
  }

  /** ABI, storage layout and ASTs of one contract. Throws {@link GenerateError} when it is not compiled. */
  read(name: string, source: string): ContractFacts {
    const artifact = this.#json(join(this.#artifacts, source, `${name}.json`)) as Artifact;
    const output = this.#output(artifact.buildInfoId);
    const storageLayout = output.contracts[artifact.inputSourceName]?.[name]?.storageLayout;
    if (storageLayout === undefined) {
      throw new GenerateError(`${name}: the build has no storageLayout; ask for it in outputSelection and rebuild`);
    }
    const asts = Object.values(output.sources).map(({ ast }) => ast);
    return { name, source, abi: artifact.abi, storageLayout, asts };
  }

  #output(buildInfoId: string): BuildOutput["output"] {
    const known = this.#outputs.get(buildInfoId);
    if (known !== undefined) return known.output;
    const build = this.#json(join(this.#artifacts, "build-info", `${buildInfoId}.output.json`)) as BuildOutput;
    this.#outputs.set(buildInfoId, build);
    return build.output;
  }

  #json(path: string): unknown {
    if (!existsSync(path)) throw new GenerateError(`${path} does not exist: run npx hardhat build first`);
    return JSON.parse(readFileSync(path, "utf8"));
  }
}
