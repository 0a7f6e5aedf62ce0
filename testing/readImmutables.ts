import { selectorOf } from "../keeper/actions/plan/abi.ts";
import type { BookAddresses, Immutables } from "../keeper/domain/bookSet.ts";
import { GETTERS } from "../keeper/readContracts.ts";
import type { Rpc } from "./Rpc.ts";

const ADDRESSES: readonly string[] = ["settlementAsset", "sequencerFeed"] satisfies (keyof Immutables)[];

/** What the contracts of a deployment hold in their code, by the keeper's list of getters, at the newest block. */
export async function readImmutables(rpc: Rpc, addresses: BookAddresses): Promise<Immutables> {
  const read = async (name: string, [contract, getter]: (typeof GETTERS)[keyof typeof GETTERS]): Promise<unknown> => {
    const call = { to: addresses[contract], data: selectorOf(`${getter}()`) };
    const word = (await rpc.request("eth_call", [call, "latest"])) as string;
    if (word.length !== 66)
      throw new Error(`${contract} at ${call.to} does not answer ${getter}(): is it deployed here?`);
    return ADDRESSES.includes(name) ? `0x${word.slice(-40)}` : BigInt(word);
  };
  const getters = Object.entries(GETTERS);
  const [chainId, ...values] = await Promise.all([
    rpc.request("eth_chainId", []),
    ...getters.map(([name, getter]) => read(name, getter)),
  ]);
  const named = Object.fromEntries(getters.map(([name], index) => [name, values[index]]));
  return { ...(named as unknown as Immutables), chainId: BigInt(chainId as string) };
}
