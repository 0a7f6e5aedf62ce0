import { redactUrl } from "../lib/redact.ts";
import { CONFIG_TABLE } from "./configTable.ts";
import type { ConfigKey, Origin, SourceConfig } from "./KeeperConfig.ts";
import type { LoadedConfig } from "./loadKeeperConfig.ts";

/** One setting, fit to be shown. */
export interface SettingDescription {
  readonly key: ConfigKey;
  /** Redacted: secrets read `***`, URLs hide theirs; `none` when nothing is set. */
  readonly value: string;
  readonly origin: Origin;
}

/** Every setting with its value and where it came from, without secrets. */
export function describeConfig({ config, origins }: LoadedConfig): SettingDescription[] {
  return (Object.keys(CONFIG_TABLE) as ConfigKey[]).map((key) => {
    const value = config[key];
    const isShown = value !== undefined && CONFIG_TABLE[key].isSecret !== true;
    const text = key === "sources" ? describeSources(config.sources) : String(value);
    return { key, value: isShown ? text : value === undefined ? "none" : "***", origin: origins[key] };
  });
}

function describeSources(sources: readonly SourceConfig[]): string {
  if (sources.length === 0) return "none";
  return sources.map(({ url, operator, client }) => `${redactUrl(url)}|${operator}|${client}`).join(",");
}
