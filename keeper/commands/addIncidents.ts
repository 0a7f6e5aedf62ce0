import { type Command, Option } from "commander";

import { addSettingsCommand } from "./addSettingsCommand.ts";
import type { CommandContext } from "./CommandContext.ts";

/** `incidents list` and `incidents show`, which read a keeper's journal, beside it too. */
export function addIncidents(
  incidents: Command,
  to: readonly [context: CommandContext, setExit: (code: number) => void],
): void {
  const list = {
    name: "list",
    description: "the incidents that a keeper's journal has, newest first; the keeper may be running",
    options: [new Option("--open", "only those that are not over").default(false)],
    load: async () => (await import("./incidents.ts")).listIncidents,
  };
  addSettingsCommand(incidents, list, to);
  const show = {
    name: "show <id>",
    description: "one incident, by the beginning of its id: states, pause, people, and where its evidence lies",
    load: async () => (await import("./incidents.ts")).showIncident,
  };
  addSettingsCommand(incidents, show, to);
}
