import type { Address, Hash } from "../../keeper/lib/hex.ts";

/** What a client is opened with. */
export interface ClientOptions {
  readonly urls: readonly string[];
  /** Who runs the endpoint at the same place of `urls`. */
  readonly operators: readonly string[];
  readonly chainId: number;
  readonly pin: { readonly number: number; readonly hash: Hash };
}

/** A client that was opened beforehand, as a daemon has it, and is asked again and again. */
export interface Client {
  /** The word at the newest block. Rejects with whatever the library throws. */
  ask(address: Address, slot: Hash): Promise<bigint>;
  close(): Promise<void>;
}

/** A client by its name in the table. */
export interface ClientKind {
  readonly name: ClientName;
  readonly open: (options: ClientOptions) => Client;
}

/** The names of the clients, in the order of the table. */
export const CLIENT_NAMES = ["viem fallback", "ethers quorum 2", "Lockstep"] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];
