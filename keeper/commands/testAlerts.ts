import { createSinks } from "../alerts/createSinks.ts";
import { sendTest } from "../alerts/sendTest.ts";
import { loadDeployment } from "../config/deployment.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { requireSetting } from "../config/requireSetting.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";

const DEADLINE_MS = 10_000;

/** `lockstep alerts test`: sends a test message, and its end, to every sink of the settings; exit 0 when all took it. */
export async function testAlerts(flags: Readonly<Record<string, unknown>>, context: CommandContext): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  const alerts = requireSetting(config, "alerts");
  const chainId = config.deployment === undefined ? 0 : loadDeployment(config.deployment).chainId;
  const { wallNow } = context;
  const sinks = createSinks(alerts, { origin: { keeper: config.keeperName, chainId }, wallNow });
  const level = flags["critical"] === true ? "critical" : "warning";
  const results = await sendTest(sinks, { level, wallNow, deadlineMs: DEADLINE_MS });
  for (const result of results) {
    const text = `${result.sink}: ${result.isSent ? "took it" : `did not: ${result.reason}`}`;
    context.stdout.write(`${config.json ? JSON.stringify(result) : text}\n`);
  }
  return results.every(({ isSent }) => isSent) ? EXIT.clean : EXIT.fatal;
}
