import { Option } from "commander";

import type { AddCommand } from "./AddCommand.ts";
import { addSettingsCommand } from "./addSettingsCommand.ts";

/** `latch show` and `latch clear`. */
export const addLatch: AddCommand = (program, ...to) => {
  const latch = program.command("latch").description("the halt that a keeper puts on itself, and what ends it");
  const show = {
    name: "show",
    description: "whether it is latched, and why; exit 3 when it is",
    load: async () => (await import("./latch.ts")).showLatch,
  };
  addSettingsCommand(latch, show, to);
  const clear = {
    name: "clear",
    description: "let a latched keeper start again; it must not be running",
    options: [
      new Option("--reason <text>", "what was found out; kept for ever").makeOptionMandatory(),
      new Option("--yes", "do not ask").default(false),
    ],
    load: async () => (await import("./latch.ts")).clearLatch,
  };
  addSettingsCommand(latch, clear, to);
};
