import type { Immutables } from "../../../keeper/domain/bookSet.ts";
import { GETTERS } from "../../../keeper/readContracts.ts";

type Getter = (typeof GETTERS)[keyof typeof GETTERS];

/** What the contracts hold in their code, by the keeper's list of getters. `read` asks one contract for one of them. */
export async function gatherImmutables(
  chainId: bigint,
  read: (contract: Getter[0], getter: Getter[1]) => Promise<unknown>,
): Promise<Immutables> {
  const pairs: (readonly [string, bigint | string])[] = [];
  for (const [name, [contract, getter]] of Object.entries(GETTERS)) {
    const value = await read(contract, getter);
    pairs.push([name, typeof value === "string" ? value.toLowerCase() : BigInt(value as number | bigint)]);
  }
  return { ...(Object.fromEntries(pairs) as unknown as Immutables), chainId };
}
