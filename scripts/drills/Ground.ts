import { deployLockstep, type LockstepDeployment, type LockstepParameters } from "../local/deployLockstep.ts";
import { startNode } from "../local/startNode.ts";

/** The chain with the protocol on which a drill is staged. */
export interface Ground {
  /** Of the node, over HTTP and over WebSocket. */
  readonly url: string;
  readonly wsUrl: string;
  readonly deployment: LockstepDeployment;
  /** Number of the thief's account, which nobody has used. */
  readonly accountNumber: bigint;
  /** Environment variables that say where the keeper's keys are; without, it has the development keys. */
  readonly keyEnv: Readonly<Record<string, string>>;
  /**
   * Ends it, or takes back everything that was done on it. False where that was not possible; null where there is nothing to take
   * back, as the chain ends with the drill.
   */
  close(): Promise<boolean | null>;
}

/** What a drill's own chain is like. */
export interface OwnGroundOptions {
  readonly chain: "hardhat" | "anvil";
  readonly module: "Lockstep" | "FlawedLockstep" | "LaxLockstep";
  readonly parameters?: LockstepParameters;
}

/** Starts a node and deploys the protocol on it; both end with the drill, or when the signal aborts. */
export async function openOwnGround(
  { chain, module, parameters = {} }: OwnGroundOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Ground> {
  say(`starting a ${chain} node, deploying ${module}`);
  const node = await startNode({ chain, port: 0, host: "127.0.0.1", signal });
  try {
    const deployment = await deployLockstep({ url: node.url, module, parameters, log: say });
    return {
      ...{ url: node.url, wsUrl: node.wsUrl, deployment },
      ...{ accountNumber: 0n, keyEnv: {} },
      close: async () => {
        await node.stop();
        return null;
      },
    };
  } catch (error: unknown) {
    await node.stop();
    throw error;
  }
}
