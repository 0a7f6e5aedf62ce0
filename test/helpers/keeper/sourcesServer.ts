import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { EMPTY_ROOT } from "../../../keeper/trie/nodeEncoding.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { forge, type BlockJson, type Lie } from "../../../testing/lies.ts";

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Makes the text of an answer of its replies. */
export type Write = (replies: readonly object[], isBatch: boolean) => string;

const writePlainly: Write = (replies, isBatch) => JSON.stringify(isBatch ? replies : replies[0]);

/** A node over HTTP of our own making: for lies about what no node has, and about the form of an answer. */
export class LyingServer {
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** Starts a node that answers with what `lie` makes of each call; one that throws is an error of the node. */
  static async start(nodeUrl: string, lie: Lie, write = writePlainly): Promise<LyingServer> {
    const ask = (method: string, params: readonly unknown[]): Promise<unknown> => callNode(nodeUrl, method, params);
    const answer = async ({ id, method, params }: Call): Promise<object> => {
      try {
        return { jsonrpc: "2.0", id, result: await lie(method, params, ask) };
      } catch (error: unknown) {
        const code = KeeperError.is(error) ? (error.payload["rpcCode"] ?? -32_000) : -32_000;
        return { jsonrpc: "2.0", id, error: { code, message: String(error) } };
      }
    };
    const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Call | Call[];
      const replies = await Promise.all((Array.isArray(asked) ? asked : [asked]).map(answer));
      response.writeHead(200, { "content-type": "application/json" }).end(write(replies, Array.isArray(asked)));
    };
    const server = createServer((request, response) => void serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const close = async (): Promise<void> => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    };
    return new LyingServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, close);
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/**
 * Announces, above each head of its node, a block that it makes up: without transactions, with the state of the head, and all
 * of it proven. Nothing but the others' votes tells that it is on nobody's chain.
 */
export class Inventor {
  isLying = false;
  /** Blocks that were made up, by their hash. */
  readonly invented = new Map<unknown, BlockJson>();
  readonly #parentOf: (head: BlockJson) => Hash;
  readonly #base = new Map<unknown, Hash>();

  constructor(parentOf: (head: BlockJson) => Hash = ({ hash }) => hash) {
    this.#parentOf = parentOf;
  }

  readonly lie: Lie = async (method, params, ask) => {
    const [first, second, third] = params;
    const at = (third as { readonly blockHash?: Hash } | undefined)?.blockHash;
    if (method === "eth_getBlockByHash" && this.invented.has(first)) return this.invented.get(first);
    if (method === "eth_getProof" && this.#base.has(at))
      return ask(method, [first, second, { blockHash: this.#base.get(at) }]);
    const answer = await ask(method, params);
    const isHead = method === "eth_getBlockByNumber" && first === "latest";
    return isHead && this.isLying ? this.#invent(answer as BlockJson) : answer;
  };

  #invent(head: BlockJson): BlockJson {
    const after = (field: string): string => `0x${(BigInt(head[field] as string) + 1n).toString(16)}`;
    const block = forge(head, {
      parentHash: this.#parentOf(head),
      number: after("number"),
      timestamp: after("timestamp"),
      receiptsRoot: EMPTY_ROOT,
      transactionsRoot: EMPTY_ROOT,
      logsBloom: `0x${"00".repeat(256)}`,
      gasUsed: "0x0",
      transactions: [],
    });
    this.invented.set(block.hash, block);
    this.#base.set(block.hash, head.hash);
    return block;
  }
}
