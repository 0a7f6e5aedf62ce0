import { loadDeployment } from "../config/deployment.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { requireKey } from "../config/requireKey.ts";
import { requireSetting } from "../config/requireSetting.ts";
import { KeeperService } from "../service.ts";
import { createLogger } from "../telemetry/log.ts";
import { EXIT } from "./exitCodes.ts";
import { LiveView } from "./LiveView.ts";
import type { CommandContext } from "./CommandContext.ts";

/** `lockstep run`: the keeper as a daemon, until it is told to stop. */
export async function run(flags: Readonly<Record<string, unknown>>, context: CommandContext): Promise<number> {
  const { config, warnings } = loadKeeperConfig({ flags, env: context.env });
  requireSetting(config, "sources");
  const deployment = loadDeployment(requireSetting(config, "deployment"));
  if (config.mode === "act") {
    requireKey(config, "pause");
    requireKey(config, "attest");
  }
  const log = createLogger({ level: config.logLevel, output: context.stderr, now: context.wallNow });
  for (const detail of warnings) log.warn("secret-readable", { detail });
  const live = new LiveView({
    write: (line) => context.stdout.write(`${line}\n`),
    isColoured: context.isColoured,
    wallNow: context.wallNow,
  });
  const onEffect = config.json ? undefined : live.see.bind(live);
  const service = await KeeperService.start(
    { config, deployment, log, ...(onEffect === undefined ? {} : { onEffect }) },
    context.signal,
  );
  log.info("ready", { api: service.apiUrl, mode: config.mode, sources: config.sources.length });
  try {
    await Promise.race([context.ended, service.failed]);
  } finally {
    await service.stop();
    log.info("stopped");
  }
  return EXIT.clean;
}
