import { userInfo } from "node:os";

import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import type { Order } from "../domain/Order.ts";
import { sendOrder } from "../control/sendOrder.ts";
import type { CommandContext } from "./CommandContext.ts";
import { confirm } from "./confirm.ts";
import { EXIT } from "./exitCodes.ts";

/** Time in which an order is carried out: a remote signer and a quorum's answer included. */
const DEADLINE_MS = 15_000;

/** Gives one order to the running keeper of a data directory; exit 0 when it was carried out. */
export async function giveOrder(
  order: Order,
  { question, flags }: { readonly question: string; readonly flags: Readonly<Record<string, unknown>> },
  context: CommandContext,
): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  await confirm(question, flags["yes"] === true, context);
  const { dataDirectory } = config;
  const outcome = await sendOrder(order, { dataDirectory, by: userInfo().username, deadlineMs: DEADLINE_MS });
  if (config.json) context.stdout.write(`${JSON.stringify(outcome)}\n`);
  else context.stdout.write(`${outcome.isDone ? "done" : "refused"}: ${outcome.detail}\n`);
  return outcome.isDone ? EXIT.clean : EXIT.fatal;
}
