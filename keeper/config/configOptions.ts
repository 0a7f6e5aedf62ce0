import { FINALITY_POLICIES, PROFILE_NAMES } from "../domain/chainProfile.ts";
import { assert } from "../lib/assert.ts";
import { CONFIG_TABLE } from "./configTable.ts";
import { LEVELS, MODES, type ConfigKey, type KeeperConfig } from "./KeeperConfig.ts";

/** One name under which something can be set: a setting, or the file variant of a secret one. */
export interface ConfigOption {
  /** Name in the configuration file and in parsed flags: `apiPort`, `pauseKeyFile`. */
  readonly name: string;
  /** The setting it belongs to: `apiPort`, `pauseKey`. */
  readonly key: ConfigKey;
  /** True when the value is the path of a file that holds the setting's value. */
  readonly isKeyFile: boolean;
  /** As the command line is told it: `--api-port <port>`, `--single-source`. */
  readonly flags: string;
  /** Without its argument: `--api-port`. */
  readonly flag: string;
  /** `LOCKSTEP_API_PORT`. */
  readonly env: string;
  readonly isSecret: boolean;
  /** What holds when nothing is set, in words. */
  readonly defaultText: string;
  readonly help: string;
  /** All values that it takes, where these are a few words. */
  readonly choices?: readonly string[];
}

/** The settings that take one of a few words. */
const CHOICES: Readonly<Partial<Record<ConfigKey, readonly string[]>>> = {
  mode: MODES,
  logLevel: LEVELS,
  profile: PROFILE_NAMES,
  finality: FINALITY_POLICIES,
};

/** Every option, in the order in which help lists them. */
export const CONFIG_OPTIONS: readonly ConfigOption[] = (Object.keys(CONFIG_TABLE) as ConfigKey[]).flatMap(optionsOf);

/** The option which names the configuration file itself; it cannot stand in that file. */
export const CONFIG_FILE_OPTION = {
  name: "config",
  flags: "--config <path>",
  flag: "--config",
  env: "LOCKSTEP_CONFIG",
  defaultText: "none",
  help: "JSON file with settings, by their camelCase names.",
} as const;

/** An option's help with its environment variable and its default: `… (env LOCKSTEP_API_PORT, default 9464)`. */
export function optionHelp(option: Pick<ConfigOption, "help" | "env" | "defaultText">): string {
  return `${option.help} (env ${option.env}, default ${option.defaultText})`;
}

function optionsOf(key: ConfigKey): ConfigOption[] {
  const row = CONFIG_TABLE[key];
  const isSecret = row.isSecret === true;
  const defaultText = row.defaultText ?? scalarText(row.default);
  const direct = { ...namesOf(key, row.argument), key, isKeyFile: false, isSecret, defaultText, help: row.help };
  const choices = CHOICES[key];
  if (!isSecret) return [choices === undefined ? direct : { ...direct, choices }];
  const fileNames = namesOf(`${key}File`, "path");
  const help = `File that holds what ${direct.flag} would be given.`;
  return [direct, { ...fileNames, key, isKeyFile: true, isSecret: false, defaultText: "none", help }];
}

/** A default that says itself. A list does not: its row has a `defaultText`. */
function scalarText(value: KeeperConfig[ConfigKey]): string {
  assert(typeof value !== "object", "the default of a list is told in words");
  return String(value);
}

function namesOf(name: string, argument: string | undefined): Pick<ConfigOption, "name" | "flags" | "flag" | "env"> {
  const words = name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`);
  const flag = `--${words.replaceAll("_", "-").toLowerCase()}`;
  const flags = argument === undefined ? flag : `${flag} <${argument}>`;
  return { name, flags, flag, env: `LOCKSTEP_${words.toUpperCase()}` };
}
