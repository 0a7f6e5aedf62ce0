import { configError } from "./ConfigProblem.ts";
import { CONFIG_OPTIONS } from "./configOptions.ts";
import type { ConfigKey, KeeperConfig } from "./KeeperConfig.ts";

/**
 * The value of a setting that the running command cannot do without.
 *
 * @throws KeeperError `ConfigInvalid` naming every way to set it, when it is not set or an empty list.
 */
export function requireSetting<K extends ConfigKey>(config: KeeperConfig, key: K): NonNullable<KeeperConfig[K]> {
  const value = config[key];
  const isSet = value !== undefined && !(Array.isArray(value) && value.length === 0);
  if (isSet) return value;
  const ways = CONFIG_OPTIONS.filter((option) => option.key === key).flatMap(({ flag, env }) => [flag, env]);
  throw configError([{ name: key, expected: `must be set here, by ${ways.join(" or ")}` }]);
}
