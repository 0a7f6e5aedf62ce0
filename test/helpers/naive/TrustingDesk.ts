import type { Address, Hash, Hex } from "../../../keeper/lib/hex.ts";
import { contractInterface } from "../../../scripts/local/contractInterface.ts";
import type { Rpc } from "../../../testing/Rpc.ts";

/** Whose deposits and withdrawals a desk follows. */
export interface DeskAccount {
  readonly vault: Address;
  readonly account: Hash;
}

/** What a desk takes for true, and when. */
export interface DeskHabits {
  /** The newest block that it reads. Default `latest`. */
  readonly tag?: "latest" | "finalized";
  /** Blocks that it wants on top of what it reads. Default 0. */
  readonly confirmations?: number;
  /** It reads no more than so many of the newest blocks at a time, however many came. */
  readonly lookBack?: number;
  /** By what it knows an event again: its place in the chain, or its transaction. `nothing`: each that is told counts. Default `place`. */
  readonly identity?: "place" | "transaction" | "nothing";
  /** Reads on from the height that it was told last, lower ones included. */
  readonly goesBack?: boolean;
  /** Takes an error for an empty answer. */
  readonly skipsErrors?: boolean;
}

/** A log as JSON-RPC answers it. */
export interface LogJson {
  readonly blockHash: Hash;
  readonly logIndex: Hex;
  readonly transactionHash: Hash;
  readonly topics: readonly Hash[];
  readonly data: Hex;
}

const hex = (number: number): Hex => `0x${number.toString(16)}`;

/**
 * A desk off the chain, such as an exchange or a bridge has: it credits an account with what one source says of the vault's
 * events, and pays that out at once from its own money. It proves nothing, asks nobody else and takes nothing back: what a
 * scenario costs whoever is not protected against it. Amounts in units of the asset.
 */
export class TrustingDesk {
  /** What left the desk. */
  paid = 0n;
  readonly #rpc: Rpc;
  readonly #of: DeskAccount;
  readonly #habits: DeskHabits;
  readonly #openedAt: number;
  readonly #entries = new Map<string, bigint>();
  #cursor: number;

  private constructor(rpc: Rpc, of: DeskAccount, habits: DeskHabits, openedAt: number) {
    this.#rpc = rpc;
    this.#of = of;
    this.#habits = habits;
    this.#openedAt = this.#cursor = openedAt;
  }

  /** A desk that has read the chain up to here, and owes nobody anything. */
  static async open(rpc: Rpc, of: DeskAccount, habits: DeskHabits = {}): Promise<TrustingDesk> {
    return new TrustingDesk(rpc, of, habits, Number(await rpc.request("eth_blockNumber", [])));
  }

  /** What it has credited. */
  get booked(): bigint {
    return [...this.#entries.values()].reduce((sum, amount) => sum + amount, 0n);
  }

  /** Reads what is new, and pays it out. */
  async serve(): Promise<void> {
    await this.read();
    this.payOut();
  }

  /** Credits what is new. */
  async read(): Promise<void> {
    const { confirmations = 0, lookBack = Infinity, goesBack = false } = this.#habits;
    const last = (await this.#readHeight()) - confirmations;
    const first = Math.max(this.#cursor + 1, last - lookBack + 1);
    if (first <= last) for (const log of await this.#readLogs(first, last)) this.take(log);
    if (goesBack || last > this.#cursor) this.#cursor = last;
  }

  /** Credits an event, as it is told. */
  take(log: LogJson): void {
    const { identity = "place" } = this.#habits;
    const key = {
      place: `${log.blockHash} ${log.logIndex}`,
      transaction: log.transactionHash,
      nothing: String(this.#entries.size),
    }[identity];
    if (!this.#entries.has(key)) this.#entries.set(key, amountOf(log));
  }

  /** Pays out all that is credited and was not paid. */
  payOut(): void {
    if (this.booked > this.paid) this.paid = this.booked;
  }

  /** What it paid beyond what the account brought by this node's chain; negative where it owes it something. */
  async lossBy(truth: Rpc): Promise<bigint> {
    const height = Number(await truth.request("eth_blockNumber", []));
    const logs = height > this.#openedAt ? await readLogs(truth, this.#of, this.#openedAt + 1, height) : [];
    return this.paid - logs.reduce((sum, log) => sum + amountOf(log), 0n);
  }

  async #readHeight(): Promise<number> {
    const { tag = "latest" } = this.#habits;
    const block = (await this.#rpc.request("eth_getBlockByNumber", [tag, false])) as { readonly number: Hex };
    return Number(block.number);
  }

  async #readLogs(first: number, last: number): Promise<readonly LogJson[]> {
    const { skipsErrors = false } = this.#habits;
    const logs = readLogs(this.#rpc, this.#of, first, last);
    return skipsErrors ? logs.catch(() => []) : logs;
  }
}

/** The filter of an account's deposits and withdrawals, of every asset. */
export function movementsOf({ vault, account }: DeskAccount): object {
  const events = contractInterface("CollateralVault");
  const names = ["Deposited", "Withdrawn"].map((name) => events.getEvent(name)!.topicHash);
  return { address: vault, topics: [names, account] };
}

async function readLogs(rpc: Rpc, of: DeskAccount, first: number, last: number): Promise<readonly LogJson[]> {
  const filter = { ...movementsOf(of), fromBlock: hex(first), toBlock: hex(last) };
  return (await rpc.request("eth_getLogs", [filter])) as readonly LogJson[];
}

function amountOf({ topics, data }: LogJson): bigint {
  const event = contractInterface("CollateralVault").parseLog({ topics: [...topics], data });
  const amount = event!.args["amount"] as bigint;
  return event!.name === "Deposited" ? amount : -amount;
}
