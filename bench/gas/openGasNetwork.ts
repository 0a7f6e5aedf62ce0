import type { RequestArguments } from "hardhat/types/providers";
import type { NetworkConnection, NetworkManager } from "hardhat/types/network";

/** Seconds from one block to the next. */
const BLOCK_SECONDS = 12;
/** The chain's first second: a round number, so that nothing depends on when the bench runs. */
const GENESIS_SECONDS = 1_800_000_000;
/** Given to every transaction instead of an estimate, which would run at the real time. */
const GAS_LIMIT = 16_000_000;
const MINING = new Set(["eth_sendTransaction", "eth_sendRawTransaction", "evm_mine"]);

/** An in-process chain whose blocks are the same in every run: 12 seconds apart, one for each transaction. */
export interface GasNetwork {
  readonly connection: NetworkConnection;
  /** The next block is so many seconds later. */
  readonly skip: (seconds: number) => void;
  /** Time of the newest block, seconds. */
  readonly now: () => number;
}

/** Opens the chain of the gas bench; the caller closes the connection. */
export async function openGasNetwork(networks: NetworkManager): Promise<GasNetwork> {
  const override = { initialDate: new Date(GENESIS_SECONDS * 1_000) };
  const connection: NetworkConnection = await networks.create({ override });
  const { provider } = connection;
  const request = provider.request.bind(provider) as (call: RequestArguments) => Promise<unknown>;
  let seconds = GENESIS_SECONDS;
  let previous: Promise<unknown> = Promise.resolve();
  provider.request = (async (call: RequestArguments) => {
    if (call.method === "eth_estimateGas") return `0x${GAS_LIMIT.toString(16)}`;
    if (!MINING.has(call.method)) return await request(call);
    // One after the other, so that each block has the time that was set for it.
    const sent = previous.then(async () => {
      seconds += BLOCK_SECONDS;
      await request({ method: "evm_setNextBlockTimestamp", params: [seconds] });
      return await request(call);
    });
    previous = sent.catch(() => undefined);
    return await sent;
  }) as typeof provider.request;
  return { connection, skip: (more) => void (seconds += more), now: () => seconds };
}
