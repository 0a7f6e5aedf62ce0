import { describeTokenSlot } from "../domain/TokenSlot.ts";
import { redactUrl } from "../lib/redact.ts";
import { CONFIG_TABLE } from "./configTable.ts";
import type { ConfigKey, KeeperConfig, Origin, SourceConfig, ViewConfig } from "./KeeperConfig.ts";
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
    return { key, value: describeValue(config, key), origin: origins[key] };
  });
}

function describeValue(config: KeeperConfig, key: ConfigKey): string {
  if (key === "sources") return describeList(config.sources.map(describeSource));
  if (key === "relays") return describeList(config.relays.map(({ url }) => redactUrl(url)));
  if (key === "peers") return describeList(config.peers.map(({ name, url }) => `${name}|${redactUrl(url)}`));
  if (key === "views") return describeList(config.views.map(describeView));
  if (key === "tokenSlots") return describeList(config.tokenSlots.map(describeTokenSlot));
  if (key === "alerts") return describeList(config.alerts.map(({ name }) => name));
  if (key === "signerUrl") return config.signerUrl === undefined ? "none" : redactUrl(config.signerUrl);
  const value = config[key];
  if (value === undefined) return "none";
  if (typeof value === "object" && "hash" in value) return `${value.number}:${value.hash}`;
  return CONFIG_TABLE[key].isSecret === true ? "***" : String(value);
}

function describeList(items: readonly string[]): string {
  return items.length === 0 ? "none" : items.join(",");
}

function describeSource({ url, operator, client }: SourceConfig): string {
  return `${redactUrl(url)}|${operator}|${client}`;
}

function describeView({ name, url, policy }: ViewConfig): string {
  return `${name}|${redactUrl(url)}|${policy}`;
}
