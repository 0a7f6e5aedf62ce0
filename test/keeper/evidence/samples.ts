import type { Exchange } from "../../../keeper/chain/sources/Source.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import type { Input } from "../../../keeper/loop/ports.ts";

/** A block hash made of one digit pair. */
export const hashOf = (byte: number): `0x${string}` => `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;

/** What a core is told at start, as far as the recorder cares: with a source that carries its URL, as a configuration's does. */
export function optionsOf(more: Record<string, unknown> = {}): KeeperOptions {
  return {
    chainId: 31_337,
    addresses: { SyncGuard: `0x${"11".repeat(20)}` },
    immutables: { chainId: 31_337n, staleLimit: 1_200n },
    deploymentBlock: 3,
    sources: [{ id: "a", operator: "one", url: "wss://user:hunter2hunter2@host/v3/0123456789abcdef?key=secret" }],
    pauser: `0x${"22".repeat(20)}`,
    signedRoots: new Map([[hashOf(1), hashOf(2)]]),
    maxFeePerGas: 10n ** 30n,
    ...more,
  } as unknown as KeeperOptions;
}

/** A single call and its answer. */
export function exchangeOf(result: string, atMs: number, more: Partial<Exchange> = {}): Exchange {
  return {
    source: "a",
    kind: "call",
    calls: [{ method: "echo", params: [result.length] }],
    firstId: 7,
    sentAtMs: atMs,
    receivedAtMs: atMs + 5,
    settledAtMs: atMs + 5,
    text: `{"jsonrpc":"2.0","id":7,"result":"${result}"}`,
    fault: null,
    ...more,
  };
}

/** A head of source `a`. */
export function headAt(number: number, nowMs: number): Extract<Input, { type: "head" }> {
  return { type: "head", source: "a", number, hash: hashOf(number), nowMs };
}
