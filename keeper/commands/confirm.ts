import { KeeperError } from "../errors/KeeperError.ts";
import type { CommandContext } from "./CommandContext.ts";

/**
 * Asks a person before something acts.
 *
 * @throws KeeperError `NotConfirmed` where nobody can be asked and `--yes` is not given, or the answer is another one than yes
 */
export async function confirm(question: string, isSure: boolean, { ask }: CommandContext): Promise<void> {
  if (isSure) return;
  if (ask === undefined) {
    throw new KeeperError("NotConfirmed", `${question} This acts: give --yes, or run it in a terminal.`);
  }
  const answer = await ask(`${question} Type yes to go on: `);
  if (answer.trim().toLowerCase() !== "yes") throw new KeeperError("NotConfirmed", "nothing was done");
}
