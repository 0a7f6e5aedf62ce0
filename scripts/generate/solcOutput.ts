/** The parts of solc's standard JSON output that the generator reads. */
export interface SolcStorageVariable {
  readonly astId: number;
  readonly label: string;
  readonly offset: number;
  readonly slot: string;
  readonly type: string;
}

/** One entry of `storageLayout.types`. */
export interface SolcStorageType {
  readonly encoding: "inplace" | "mapping" | "dynamic_array" | "bytes";
  readonly label: string;
  readonly numberOfBytes: string;
  readonly key?: string;
  readonly value?: string;
  readonly base?: string;
  readonly members?: readonly SolcStorageVariable[];
}

/** `storageLayout` of one contract; `types` is null when it has no variables. */
export interface SolcStorageLayout {
  readonly storage: readonly SolcStorageVariable[];
  readonly types: Readonly<Record<string, SolcStorageType>> | null;
}

/** A parameter of an ABI entry. */
export interface AbiParameter {
  readonly name: string;
  readonly type: string;
  readonly internalType?: string;
  readonly indexed?: boolean;
  readonly components?: readonly AbiParameter[];
}

/** A function, event or error of an ABI. */
export interface AbiEntry {
  readonly type: string;
  readonly name?: string;
  readonly anonymous?: boolean;
  readonly inputs?: readonly AbiParameter[];
}

/** A node of solc's AST, read only through the properties tested for. */
export interface AstNode {
  readonly id?: number;
  readonly nodeType?: string;
  readonly [property: string]: unknown;
}

/** What a contract's generated module is made from. */
export interface ContractFacts {
  readonly name: string;
  /** Source file as the project names it: `contracts/clearing/PositionLedger.sol`. */
  readonly source: string;
  readonly abi: readonly AbiEntry[];
  readonly storageLayout: SolcStorageLayout;
  /** Roots of the AST of every source of the same compilation, by which type ids are resolved. */
  readonly asts: readonly AstNode[];
}
