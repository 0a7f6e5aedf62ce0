/** Mutants that no traffic can tell from the reducers as they are, by name, with the reason. */
export const EQUIVALENT: ReadonlyMap<string, string> = new Map([]);
