import { describeConfig, type SettingDescription } from "../config/describeConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";
import { paintFor, type Paint } from "./formatBlock.ts";

/**
 * `lockstep config`: every setting as `run` would have it, without its secrets, and where it came from.
 *
 * @throws KeeperError `ConfigInvalid`, as `run` does
 */
export function showConfig(flags: Readonly<Record<string, unknown>>, context: CommandContext): number {
  const loaded = loadKeeperConfig({ flags, env: context.env });
  const settings = describeConfig(loaded);
  const { warnings } = loaded;
  const text = loaded.config.json
    ? JSON.stringify({ settings, warnings }, null, 2)
    : format(settings, warnings, paintFor(context.isColoured));
  context.stdout.write(`${text}\n`);
  return EXIT.clean;
}

function format(settings: readonly SettingDescription[], warnings: readonly string[], paint: Paint): string {
  const keyWidth = Math.max(...settings.map(({ key }) => key.length));
  const lines = settings.map(({ key, value, origin }) => {
    const isDefault = origin.kind === "default";
    const line = `${key.padEnd(keyWidth)}  ${value}`;
    return isDefault ? paint.dim(line) : `${line}  ${paint.dim(`(${origin.name})`)}`;
  });
  return [...lines, ...warnings.map((warning) => paint.yellow(`warning: ${warning}`))].join("\n");
}
