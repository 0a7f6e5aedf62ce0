import type { WebSocket } from "ws";

import { wait } from "../../keeper/chain/sources/wait.ts";
import type { Delivery } from "./answerCalls.ts";
import { dripChunks, hugeChunks, type Chunk } from "./textChunks.ts";

/** Above this, whoever fills the socket is made to wait. */
export const HIGH_WATER_BYTES = 1_048_576;

/**
 * What goes to a client, in order: messages that trickle hold up those behind them, which are kept up to a cap. Over
 * it the socket is ended.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #maxBytes: number;
  readonly #signal: AbortSignal;
  readonly #onFull: (isFull: boolean) => void;
  /** Ends when everything queued has been sent; undefined when nothing is. */
  #queue: Promise<void> | undefined;
  #queuedBytes = 0;

  constructor(socket: WebSocket, maxBytes: number, signal: AbortSignal, onFull: (isFull: boolean) => void) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#signal = signal;
    this.#onFull = onFull;
  }

  send(data: Buffer, isBinary: boolean, { bytesPerSecond, cutAfter, isTwice }: Delivery = {}): void {
    const isCut = cutAfter !== undefined && cutAfter < data.length;
    if (this.#queue === undefined && bytesPerSecond === undefined && !isCut) {
      this.#sendNow(data, isBinary);
      if (isTwice === true) this.#sendNow(data, isBinary);
      return;
    }
    const sent = isCut ? data.subarray(0, cutAfter) : data;
    const chunks = bytesPerSecond === undefined ? [{ waitMs: 0, bytes: sent }] : [...dripChunks(sent, bytesPerSecond)];
    this.#enqueue(data.length, async () => {
      await this.#sendFragments(chunks, isBinary, !isCut);
      if (isTwice === true && !isCut) await this.#sendFragments(chunks, isBinary, true);
      if (isCut) this.#socket.terminate();
    });
  }

  sendHuge(id: unknown, bytes: number): void {
    this.#enqueue(0, () => this.#sendFragments(hugeChunks(id, bytes), false, true));
  }

  #sendNow(data: Buffer, isBinary: boolean): void {
    this.#socket.send(data, { binary: isBinary }, () => {
      if (this.#socket.bufferedAmount <= HIGH_WATER_BYTES) this.#onFull(false);
    });
    if (this.#socket.bufferedAmount > HIGH_WATER_BYTES) this.#onFull(true);
  }

  #enqueue(bytes: number, send: () => Promise<void>): void {
    this.#queuedBytes += bytes;
    if (this.#queuedBytes > this.#maxBytes) {
      this.#socket.terminate();
      return;
    }
    const queue = (this.#queue ?? Promise.resolve()).then(send).finally(() => {
      this.#queuedBytes -= bytes;
      if (this.#queue === queue) this.#queue = undefined;
    });
    // A socket that closes meanwhile is no news here.
    queue.catch(() => undefined);
    this.#queue = queue;
  }

  async #sendFragments(chunks: Iterable<Chunk>, isBinary: boolean, isWhole: boolean): Promise<void> {
    for (const { waitMs, bytes } of chunks) {
      if (waitMs > 0) await wait(waitMs, this.#signal);
      await this.#sendFragment(bytes, isBinary, false);
    }
    if (isWhole) await this.#sendFragment(Buffer.alloc(0), isBinary, true);
  }

  #sendFragment(bytes: Buffer, binary: boolean, fin: boolean): Promise<void> {
    this.#signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, { binary, fin }, (error) => {
        if (error == null) resolve();
        else reject(error);
      });
    });
  }
}
