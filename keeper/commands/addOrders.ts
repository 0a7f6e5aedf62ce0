import type { Command } from "commander";

import type { Order } from "../domain/Order.ts";
import type { AddCommand } from "./AddCommand.ts";
import { addIncidents } from "./addIncidents.ts";
import { addSettings } from "./addSettings.ts";
import type { CommandContext } from "./CommandContext.ts";

/** One order to the running keeper of a data directory. */
function addOrder(
  parent: Command,
  { name, description, reason }: { readonly name: string; readonly description: string; readonly reason?: string },
  [context, setExit]: readonly [CommandContext, (code: number) => void],
  describeOrder: (
    argument: string,
    flags: Record<string, unknown>,
  ) => { readonly order: Order; readonly question: string },
): Command {
  const command = parent.command(name).description(description).option("--yes", "do not ask", false);
  if (reason !== undefined) command.requiredOption("--reason <text>", reason);
  addSettings(command);
  return command.action(async (...given: unknown[]) => {
    const flags = given.at(-2) as Record<string, unknown>;
    const { order, question } = describeOrder(given.length > 2 ? String(given[0]) : "", flags);
    const { giveOrder } = await import("./order.ts");
    setExit(await giveOrder(order, { question, flags }, context));
  });
}

/** What an operator tells a running keeper: `pause`, `incidents ack`, `incidents close`, `resume sign`. */
export const addOrders: AddCommand = (program, context, setExit) => {
  const to = [context, setExit] as const;
  const pause = { name: "pause", description: "refuse new risk now, by this keeper's pause key", reason: "why" };
  addOrder(program, pause, to, (_, { reason }) => ({
    order: { kind: "pause", reason: String(reason) },
    question: "New risk is refused for the soft time, and this key can pause once until that has ended.",
  }));
  const incidents = program.command("incidents").description("what diverged, and what people say of it");
  addIncidents(incidents, to);
  const ack = { name: "ack <id>", description: "a person is at it: no more reminders", reason: "who does what" };
  addOrder(incidents, ack, to, (key, { reason }) => ({
    order: { kind: "acknowledge", key, reason: String(reason) },
    question: `No more reminders of ${key}.`,
  }));
  const close = {
    name: "close <id>",
    description: "close an incident that is over; refused while the books differ",
    reason: "why",
  };
  addOrder(incidents, close, to, (incidentId, { reason }) => ({
    order: { kind: "close-incident", incidentId, reason: String(reason) },
    question: `Incident ${incidentId} is closed.`,
  }));
  const resume = program.command("resume").description("the way back from a halt");
  const sign = {
    name: "sign",
    description: "let this keeper sign that the protocol may resume, if everything allows it",
  };
  addOrder(resume, sign, to, (_, flags) => ({
    order: { kind: "sign-resume", afterConsensusFault: flags["afterConsensusFault"] === true },
    question: "With the signatures of a quorum of keepers the protocol resumes.",
  })).option(
    "--after-consensus-fault",
    "although k operators once left a final block: a person has looked at it",
    false,
  );
};
