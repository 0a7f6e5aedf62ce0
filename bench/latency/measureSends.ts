import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

import { Wallet, WebSocketProvider } from "ethers";
import { createWalletClient, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { anvil } from "viem/chains";

import { encodeSoftPause } from "../../keeper/actions/plan/calls.ts";
import { KeySigner } from "../../keeper/actions/signers/KeySigner.ts";
import { createSource } from "../../keeper/chain/sources/createSource.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { addressOf, developmentWallet } from "../../scripts/local/accounts.ts";
import { callNode } from "../../scripts/local/callNode.ts";
import type { SeededRandom } from "../../scripts/local/SeededRandom.ts";
import { startNode, type LocalNode } from "../../scripts/local/startNode.ts";
import { monotonicMs } from "./monotonicMs.ts";

/** One way to send a call that has been decided. */
interface Sender {
  readonly system: string;
  /** Resolves when the node has accepted the transaction. */
  readonly send: (nonce: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

export interface SendOptions {
  readonly sends: number;
  /** Draws the order of each round. */
  readonly random: SeededRandom;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The systems, by name: their rows are compared by it. */
export const SEND_SYSTEMS = {
  lockstep: "lockstep, WebSocket",
  ipc: "lockstep, IPC",
  viem: "viem 2.57.20, sendTransaction",
  bareViem: "viem 2.57.20, sign and sendRawTransaction",
  ethers: "ethers 6.17.0, Wallet.sendTransaction",
} as const;

const WARM_SENDS = 50;
/** Transactions of one account that wait for a block. */
const MOST_PENDING = 50;
const DEADLINE_MS = 5_000;
const FEES = { maxFeePerGas: 10_000_000_000n, maxPriorityFeePerGas: 2_000_000_000n };
const GAS = 150_000n;
/** Where the pause goes matters to nobody: it is accepted, not mined. */
const GUARD: Address = `0x${"5a".repeat(20)}`;
const word = (byte: string): Hash => `0x${byte.repeat(32)}`;
const DATA: Hex = encodeSoftPause({
  ...{ incidentId: word("11"), causeClass: "books", blockNumber: 7, blockHash: word("22"), evidenceHash: word("33") },
});

/**
 * From the decided call (target, call data, nonce, fees and gas are known) to the node's word that it has the transaction: what
 * signing, encoding and the way there cost. The senders take turns, each with a key of its own.
 *
 * @returns milliseconds of each send, by system
 */
export async function measureSends({ sends, random, say, signal }: SendOptions): Promise<Map<string, number[]>> {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-sends-"));
  const ipcPath = join(folder, "anvil.ipc");
  const node = await startNode({ chain: "anvil", host: "127.0.0.1", port: 0, signal, args: ["--ipc", ipcPath] });
  const senders: Sender[] = [];
  try {
    await callNode(node.url, "evm_setAutomine", [false]);
    senders.push(await openOwn(SEND_SYSTEMS.lockstep, node.wsUrl, 5), await openOwn(SEND_SYSTEMS.ipc, ipcPath, 6));
    senders.push(openViem(node, 7), openBareViem(node, 8), await openEthers(node, 9));
    const taken = new Map(senders.map(({ system }) => [system, [] as number[]]));
    for (let round = 0; round < WARM_SENDS + sends; round += 1) {
      signal.throwIfAborted();
      // Nobody always has the same one before it, whose remains would be its to clear away.
      for (const { system, send } of shuffled(senders, random)) {
        await nextTurn();
        const startMs = monotonicMs();
        await send(round);
        if (round >= WARM_SENDS) taken.get(system)?.push(monotonicMs() - startMs);
      }
      if (round % MOST_PENDING === MOST_PENDING - 1) await callNode(node.url, "evm_mine");
    }
    await checkNonces(node.url, WARM_SENDS + sends);
    say(`sends: ${sends} each`);
    return taken;
  } finally {
    await Promise.allSettled(senders.map(({ close }) => close()));
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  const keyed = items.map((item) => ({ item, key: random.next() }));
  return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
}

async function openOwn(system: string, url: string, index: number): Promise<Sender> {
  const source = createSource({ id: "anvil", operator: "bench", client: "anvil", url }, { now: monotonicMs });
  const end = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  source.open({ onHead: () => undefined, onUp: resolve, onDown: () => undefined }, end.signal);
  await promise;
  const signer = new KeySigner(developmentWallet(index).privateKey as Hex);
  return {
    system,
    send: (nonce) => {
      const request = { chainId: anvil.id, to: GUARD, data: DATA, nonce, gasLimit: GAS, ...FEES };
      const { raw } = signer.signTransaction(request);
      return source.request("eth_sendRawTransaction", [raw], { deadlineMs: DEADLINE_MS, isUrgent: true });
    },
    close: async () => {
      end.abort();
      await source.close();
      signer.close();
    },
  };
}

/** As its documentation has it, with everything given that it would ask the node for otherwise. */
function openViem({ wsUrl }: LocalNode, index: number): Sender {
  const account = privateKeyToAccount(developmentWallet(index).privateKey as Hex);
  const client = createWalletClient({ account, chain: anvil, transport: webSocket(wsUrl) });
  return {
    system: SEND_SYSTEMS.viem,
    send: (nonce) => client.sendTransaction({ type: "eip1559", to: GUARD, data: DATA, nonce, gas: GAS, ...FEES }),
    close: () => closeSocket(client),
  };
}

/** The least that can be done with viem. */
function openBareViem({ wsUrl }: LocalNode, index: number): Sender {
  const account = privateKeyToAccount(developmentWallet(index).privateKey as Hex);
  const client = createWalletClient({ account, chain: anvil, transport: webSocket(wsUrl) });
  return {
    system: SEND_SYSTEMS.bareViem,
    send: async (nonce) => {
      const fields = { type: "eip1559", chainId: anvil.id, to: GUARD, data: DATA, nonce, gas: GAS, ...FEES } as const;
      return client.sendRawTransaction({ serializedTransaction: await account.signTransaction(fields) });
    },
    close: () => closeSocket(client),
  };
}

async function closeSocket({ transport }: { transport: { getRpcClient?: () => Promise<{ close(): void }> } }) {
  (await transport.getRpcClient?.())?.close();
}

async function openEthers({ wsUrl, chainId }: LocalNode, index: number): Promise<Sender> {
  const provider = new WebSocketProvider(wsUrl);
  await provider.getNetwork();
  const wallet = new Wallet(developmentWallet(index).privateKey, provider);
  return {
    system: SEND_SYSTEMS.ethers,
    send: (nonce) => wallet.sendTransaction({ type: 2, chainId, to: GUARD, data: DATA, nonce, gasLimit: GAS, ...FEES }),
    close: async () => provider.destroy(),
  };
}

/** Every send of every sender has been accepted: the node counts them. */
async function checkNonces(url: string, sends: number): Promise<void> {
  for (const index of [5, 6, 7, 8, 9]) {
    const params = [addressOf(developmentWallet(index)), "pending"];
    assert(Number(await callNode(url, "eth_getTransactionCount", params)) === sends, "each send was accepted");
  }
}
