import { type Command, Option } from "commander";

import { CONFIG_FILE_OPTION, CONFIG_OPTIONS, optionHelp } from "../config/configOptions.ts";

/** The settings of a keeper, for the commands that read them. */
export function addSettings(command: Command): void {
  for (const setting of CONFIG_OPTIONS) {
    const option = new Option(setting.flags, optionHelp(setting));
    if (setting.choices !== undefined) option.choices(setting.choices);
    command.addOption(option);
  }
  command.option(CONFIG_FILE_OPTION.flags, optionHelp(CONFIG_FILE_OPTION));
}
