import { Option } from "commander";

import type { AddCommand } from "./AddCommand.ts";
import { addSettingsCommand } from "./addSettingsCommand.ts";

/** `alerts test`. */
export const addAlerts: AddCommand = (program, ...to) => {
  const alerts = program.command("alerts").description("where people are told");
  const test = {
    name: "test",
    description: "send a test message to every sink of --alerts; exit 0 when all took it",
    options: [new Option("--critical", "as something that wakes whoever is on call").default(false)],
    load: async () => (await import("./testAlerts.ts")).testAlerts,
  };
  addSettingsCommand(alerts, test, to);
};
