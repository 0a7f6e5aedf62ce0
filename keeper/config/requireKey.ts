import { configError } from "./ConfigProblem.ts";
import { CONFIG_OPTIONS } from "./configOptions.ts";
import type { KeeperConfig } from "./KeeperConfig.ts";
import type { KeyRole } from "./KeyConfig.ts";

/**
 * Makes sure that a key is set which the running command cannot do without, wherever the key is.
 *
 * @throws KeeperError `ConfigInvalid` naming every way to set it.
 */
export function requireKey(config: KeeperConfig, role: KeyRole): void {
  const places = [`${role}Key`, `${role}Keystore`, `${role}Address`] as const;
  if (places.some((key) => config[key] !== undefined)) return;
  const options = CONFIG_OPTIONS.filter(({ key }) => (places as readonly string[]).includes(key));
  const ways = options.flatMap(({ flag, env }) => [flag, env]);
  throw configError([{ name: `the ${role} key`, expected: `must be set here, by ${ways.join(" or ")}` }]);
}
