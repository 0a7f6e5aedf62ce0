/** One book contract's variables against its reducer's. */
export interface LayoutCoverageInput {
  readonly contract: string;
  /** State variables by solc's layout, as the source names them. */
  readonly variables: readonly string[];
  /** `MAPPED_VARIABLES` of the reducer; null when there is no reducer. */
  readonly mapped: readonly string[] | null;
}

/**
 * Checks that no storage variable of a book contract is left without a reducer. Returns one sentence a problem, each
 * naming contract and variable; none when every variable is mapped and every mapping has its variable.
 */
export function checkLayoutCoverage(inputs: readonly LayoutCoverageInput[]): string[] {
  return inputs.flatMap(({ contract, variables, mapped }) => {
    const reducer = `keeper/books/reducers/${contract}.ts`;
    if (mapped === null) return [`${contract}: ${reducer} is missing or exports no MAPPED_VARIABLES`];
    return [
      ...variables
        .filter((variable) => !mapped.includes(variable))
        .map((variable) => `${contract}.${variable} is in storage, but not in MAPPED_VARIABLES of ${reducer}`),
      ...mapped
        .filter((variable) => !variables.includes(variable))
        .map((variable) => `${contract}.${variable} is in MAPPED_VARIABLES of ${reducer}, but no storage variable`),
      ...mapped
        .filter((variable, index) => mapped.indexOf(variable) !== index)
        .map((variable) => `${contract}.${variable} is in MAPPED_VARIABLES of ${reducer} twice`),
    ];
  });
}
