import type { AddCommand } from "./AddCommand.ts";
import { addSettings } from "./addSettings.ts";

/** `alerts test`. */
export const addAlerts: AddCommand = (program, context, setExit) => {
  const alerts = program.command("alerts").description("where people are told");
  const test = alerts
    .command("test")
    .description("send a test message to every sink of --alerts; exit 0 when all took it")
    .option("--critical", "as something that wakes whoever is on call", false);
  addSettings(test);
  test.action(async (flags: Record<string, unknown>) => {
    const { testAlerts } = await import("./testAlerts.ts");
    setExit(await testAlerts(flags, context));
  });
};
