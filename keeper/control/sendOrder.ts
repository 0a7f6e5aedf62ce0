import { connect } from "node:net";

import { KeeperError } from "../errors/KeeperError.ts";
import { controlPath } from "./controlPath.ts";
import type { Order, OrderOutcome, SignedOrder } from "../domain/Order.ts";

/** How an order is sent. */
export interface SendOrderOptions {
  readonly dataDirectory: string;
  readonly by: string;
  /** Longest wait for what comes of it. */
  readonly deadlineMs: number;
}

/**
 * Gives an order to the keeper that runs on a data directory, and waits for what comes of it.
 *
 * @throws KeeperError `KeeperNotRunning`; `OrderUnanswered` when it says nothing in time, or nothing that can be read
 */
export async function sendOrder(
  order: Order,
  { dataDirectory, by, deadlineMs }: SendOrderOptions,
): Promise<OrderOutcome> {
  const path = controlPath(dataDirectory);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(path);
  let text = "";
  socket.setEncoding("utf8");
  socket.setTimeout(deadlineMs, () => socket.destroy());
  socket.on("data", (chunk: string) => (text += chunk));
  socket.once("error", reject);
  socket.once("close", () => {
    resolve(text);
  });
  socket.once("connect", () => socket.write(`${JSON.stringify({ order, by } satisfies SignedOrder)}\n`));
  try {
    return readOutcome(await promise, path);
  } catch (error: unknown) {
    if (KeeperError.is(error)) throw error;
    const message = `no keeper that takes orders runs on ${dataDirectory}: start it, or name its --data-directory`;
    throw new KeeperError("KeeperNotRunning", message, { dataDirectory }, { cause: error });
  }
}

function readOutcome(text: string, path: string): OrderOutcome {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const { isDone, detail } = (value ?? {}) as Partial<OrderOutcome>;
  if (typeof isDone === "boolean" && typeof detail === "string") return { isDone, detail };
  const message = `the keeper at ${path} gave no answer: whether the order was carried out is in its log and \`/status\``;
  throw new KeeperError("OrderUnanswered", message, { path });
}
