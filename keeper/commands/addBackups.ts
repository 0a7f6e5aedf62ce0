import { Option } from "commander";

import type { AddCommand } from "./AddCommand.ts";
import { addSettingsCommand } from "./addSettingsCommand.ts";

/** `backup` and `restore`. */
export const addBackups: AddCommand = (program, ...to) => {
  const backup = {
    name: "backup <file>",
    description: "one file with a keeper's journal and what it signed; the keeper may be running; no secrets are in it",
    options: [
      new Option("--with-snapshots", "its snapshots too, from which a start is quicker").default(false),
      new Option("--with-evidence", "the evidence of its incidents too").default(false),
      new Option("--force", "replace the file if it is there").default(false),
    ],
    load: async () => (await import("./backup.ts")).backup,
  };
  addSettingsCommand(program, backup, to);
  const restore = {
    name: "restore <file>",
    description:
      "make an empty data directory that of a backup; the keeper is latched then, until a person clears that",
    options: [new Option("--yes", "do not ask").default(false)],
    load: async () => (await import("./restoreBackup.ts")).restoreBackup,
  };
  addSettingsCommand(program, restore, to);
};
