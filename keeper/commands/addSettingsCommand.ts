import type { Command, Option } from "commander";

import { addSettings } from "./addSettings.ts";
import type { CommandContext } from "./CommandContext.ts";

/** What a command does: with its flags, and with its argument where it has one. Resolves with the exit status. */
export type Act = (
  flags: Readonly<Record<string, unknown>>,
  context: CommandContext,
  argument: string,
) => number | Promise<number>;

/** A command that takes the settings of a keeper. */
export interface SettingsCommand {
  /** With its argument, as `show <id>`. */
  readonly name: string;
  readonly description: string;
  /** Of its own; help lists them before the settings. */
  readonly options?: readonly Option[];
  /** What the command does, loaded when it runs: it needs more than the others do to start. */
  readonly load: () => Promise<Act>;
}

/** Adds such a command; its exit status goes to the last one of `to`. */
export function addSettingsCommand(
  parent: Command,
  { name, description, options = [], load }: SettingsCommand,
  [context, setExit]: readonly [CommandContext, (code: number) => void],
): Command {
  const command = parent.command(name).description(description);
  for (const option of options) command.addOption(option);
  addSettings(command);
  return command.action(async (...given: unknown[]) => {
    const act = await load();
    setExit(await act(given.at(-2) as Record<string, unknown>, context, given.length > 2 ? String(given[0]) : ""));
  });
}
