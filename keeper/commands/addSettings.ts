import type { Command } from "commander";

import { CONFIG_FILE_OPTION, CONFIG_OPTIONS, optionHelp } from "../config/configOptions.ts";

/** The settings of a keeper, for the commands that read them. */
export function addSettings(command: Command): void {
  for (const option of CONFIG_OPTIONS) command.option(option.flags, optionHelp(option));
  command.option(CONFIG_FILE_OPTION.flags, optionHelp(CONFIG_FILE_OPTION));
}
