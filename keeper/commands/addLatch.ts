import type { AddCommand } from "./AddCommand.ts";
import { addSettings } from "./addSettings.ts";

/** `latch show` and `latch clear`. */
export const addLatch: AddCommand = (program, context, setExit) => {
  const latch = program.command("latch").description("the halt that a keeper puts on itself, and what ends it");
  const show = latch.command("show").description("whether it is latched, and why; exit 3 when it is");
  addSettings(show);
  show.action(async (flags: Record<string, unknown>) => {
    const { showLatch } = await import("./latch.ts");
    setExit(await showLatch(flags, context));
  });
  const clear = latch
    .command("clear")
    .description("let a latched keeper start again; it must not be running")
    .requiredOption("--reason <text>", "what was found out; kept for ever")
    .option("--yes", "do not ask", false);
  addSettings(clear);
  clear.action(async (flags: Record<string, unknown>) => {
    const { clearLatch } = await import("./latch.ts");
    setExit(await clearLatch(flags, context));
  });
};
