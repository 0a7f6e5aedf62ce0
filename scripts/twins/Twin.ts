/** A keeper, or a contract, that is broken by hand in one place. */
export interface Twin {
  /** What is wrong with it. */
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files that are expected to catch it, the quickest first. */
  readonly tests: readonly string[];
}
