import type { Command } from "commander";

import type { CommandContext } from "./CommandContext.ts";

/** Adds one command; its exit status goes to `setExit`. Each loads what it needs only when it runs. */
export type AddCommand = (program: Command, context: CommandContext, setExit: (code: number) => void) => void;
