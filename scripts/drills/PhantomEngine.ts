import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { decodeEntryPosted, TOPICS } from "../../keeper/books/generated/PositionLedger.ts";
import { touchesPosition } from "../../keeper/books/reducers/ledger/entryKinds.ts";
import { wait } from "../../keeper/chain/sources/wait.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { callNode } from "../local/callNode.ts";

const POLL_MS = 30;

interface RpcLog {
  readonly topics: readonly Hash[];
  readonly data: Hex;
}

/**
 * A small off-chain engine with its own ledger, fed by the chain's entries, that serves its belief over HTTP and takes
 * corrections.
 *
 * Its flaw is the usual one: it credits a deposit as soon as it sees it, and forgets nothing that a reorg removes.
 */
export class PhantomEngine {
  readonly #server: Server;
  readonly #end = new AbortController();
  readonly #ledger = new Map<Hex, Map<string, bigint>>();
  #at: { readonly number: number; readonly hash: Hash } | null = null;
  #following: Promise<void> = Promise.resolve();

  private constructor(server: Server) {
    this.#server = server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Starts to listen; it has no belief until it follows a chain. */
  static async listen(): Promise<PhantomEngine> {
    const server = createServer();
    const engine = new PhantomEngine(server);
    server.on("request", (request, response) => {
      if (request.method !== "POST") {
        response.writeHead(engine.#at === null ? 503 : 200, { "content-type": "application/json" });
        response.end(engine.#serialise());
        return;
      }
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => {
        engine.#correct(body);
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return engine;
  }

  /** Follows the chain's entries from the first block on. */
  follow(url: string, ledger: Address): void {
    this.#following = this.#follow(url, ledger);
  }

  /** What the engine believes an account has, 1e-18 quote. */
  quoteOf(account: Hex): bigint {
    return this.#ledger.get(account)?.get("quote") ?? 0n;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#following;
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  async #follow(url: string, ledger: Address): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        const head = Number(await callNode(url, "eth_blockNumber"));
        for (let number = (this.#at?.number ?? -1) + 1; number <= head; number += 1) {
          await this.#take(url, ledger, number);
        }
        // A shorter chain, or another block at the same height: it believes what it believed, under the new name.
        await this.#restamp(url, head);
      } catch {
        // The node is away for a moment, or for good: the drill decides which.
      }
      await wait(POLL_MS, this.#end.signal);
    }
  }

  async #take(url: string, ledger: Address, number: number): Promise<void> {
    const tag = `0x${number.toString(16)}`;
    const block = (await callNode(url, "eth_getBlockByNumber", [tag, false])) as { hash: Hash } | null;
    if (block === null) return;
    const filter = { blockHash: block.hash, address: ledger, topics: [TOPICS.EntryPosted] };
    for (const log of (await callNode(url, "eth_getLogs", [filter])) as RpcLog[]) {
      const { account, kind, key, sizeDelta, quoteDelta, fee, funding } = decodeEntryPosted(log);
      this.#add(account, "quote", quoteDelta - fee + funding);
      if (touchesPosition(kind)) this.#add(account, String(key), sizeDelta);
    }
    this.#at = { number, hash: block.hash };
  }

  async #restamp(url: string, head: number): Promise<void> {
    const block = (await callNode(url, "eth_getBlockByNumber", [`0x${head.toString(16)}`, false])) as {
      hash: Hash;
    } | null;
    if (block !== null && (this.#at?.number ?? 0) >= head) this.#at = { number: head, hash: block.hash };
  }

  #add(account: Hex, item: string, amount: bigint): void {
    const items = this.#ledger.get(account) ?? new Map<string, bigint>();
    this.#ledger.set(account, items);
    items.set(item, (items.get(item) ?? 0n) + amount);
  }

  #correct(body: string): void {
    const { corrections } = JSON.parse(body) as { corrections: { account: Hex; item: string; amount: string }[] };
    for (const { account, item, amount } of corrections) {
      const items = this.#ledger.get(account) ?? new Map<string, bigint>();
      this.#ledger.set(account, items);
      items.set(item, BigInt(amount));
    }
  }

  #serialise(): string {
    const rows = [...this.#ledger].flatMap(([account, items]) =>
      [...items]
        .filter(([, amount]) => amount !== 0n)
        .map(([item, amount]) => ({ account, item, amount: String(amount) })),
    );
    return JSON.stringify({ blockNumber: this.#at?.number, blockHash: this.#at?.hash, rows });
  }
}
