import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { checkKeys } from "./checkKeys.ts";
import type { ConfigProblem } from "./ConfigProblem.ts";
import { configError, showValue } from "./ConfigProblem.ts";
import type { ConfigOption } from "./configOptions.ts";
import { CONFIG_FILE_OPTION, CONFIG_OPTIONS } from "./configOptions.ts";
import { CONFIG_TABLE } from "./configTable.ts";
import type { ConfigKey, KeeperConfig, Origin, OriginKind } from "./KeeperConfig.ts";
import type { KeyConfig } from "./KeyConfig.ts";
import { KEY_ROWS } from "./keyRows.ts";
import { suggest } from "./suggest.ts";
import { warnOfOpenFiles, type SecretFile } from "./warnOfOpenFiles.ts";

const KEY_SETTINGS = Object.keys(KEY_ROWS) as (keyof KeyConfig)[];

/** Settings that are themselves the path of a file with a secret. */
const KEYS_OF_SECRET_FILES = [
  ...(["pauseKeystore", "attestKeystore", "postKeystore", "signerClientKey"] as const),
  ...(["pauseKeystorePasswordFile", "attestKeystorePasswordFile", "postKeystorePasswordFile"] as const),
];

/** Where settings come from. */
export interface ConfigInputs {
  /** Parsed flags by camelCase name; names that are no settings are ignored. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of the configuration file, unless `--config` or `LOCKSTEP_CONFIG` names another. */
  readonly file?: string;
  /** `LOCKSTEP_*` variables of other programs, which are no mistakes. */
  readonly otherEnv?: readonly string[];
}

/** A configuration, and where each value of it came from. */
export interface LoadedConfig {
  readonly config: KeeperConfig;
  readonly origins: Readonly<Record<ConfigKey, Origin>>;
  /** What is allowed and not wise, for the log: files with secrets that others may open. */
  readonly warnings: readonly string[];
}

/** One place where settings stand. */
interface Layer {
  readonly kind: OriginKind;
  readonly nameOf: (option: ConfigOption) => string;
  /** The raw value, or undefined when the option is not set there. */
  readonly read: (option: ConfigOption) => unknown;
  /** Where relative paths start; undefined for the working directory. */
  readonly base?: string;
}

/**
 * Settles every setting: flag, else environment, else file, else default. An empty environment variable is not set. A
 * secret may be given by value or by file, but not by both in one place.
 *
 * @throws KeeperError `ConfigInvalid`, whose payload `problems` lists everything that is wrong.
 */
export function loadKeeperConfig(inputs: ConfigInputs): LoadedConfig {
  const problems: ConfigProblem[] = [];
  const layers = [flagLayer(inputs), envLayer(inputs, problems), ...fileLayers(inputs, problems)];
  const origins: Partial<Record<ConfigKey, Origin>> = {};
  const secretFiles: SecretFile[] = [];
  const take = <K extends ConfigKey>(key: K): KeeperConfig[K] => {
    const { value, origin } = settle(key, layers, problems, secretFiles);
    origins[key] = origin;
    return value;
  };
  const keys = takeKeys(take);
  const config: KeeperConfig = {
    ...keys,
    sources: take("sources"),
    singleSource: take("singleSource"),
    relays: take("relays"),
    peers: take("peers"),
    views: take("views"),
    tokenSlots: take("tokenSlots"),
    viewPausesPerDay: take("viewPausesPerDay"),
    viewPersistence: take("viewPersistence"),
    alerts: take("alerts"),
    alertReminderSeconds: take("alertReminderSeconds"),
    deployment: take("deployment"),
    mode: take("mode"),
    keeperName: take("keeperName"),
    readinessBlocks: take("readinessBlocks"),
    checkpointIntervalSeconds: take("checkpointIntervalSeconds"),
    dataDirectory: take("dataDirectory"),
    databaseUrl: take("databaseUrl"),
    databaseSchema: take("databaseSchema"),
    leaseMs: take("leaseMs"),
    apiHost: take("apiHost"),
    apiPort: take("apiPort"),
    logLevel: take("logLevel"),
    requestDeadlineMs: take("requestDeadlineMs"),
    hedgeMs: take("hedgeMs"),
    profile: take("profile"),
    finality: take("finality"),
    confirmations: take("confirmations"),
    checkpointDepth: take("checkpointDepth"),
    genesisHash: take("genesisHash"),
    pinnedBlock: take("pinnedBlock"),
    record: take("record"),
    recordMaxMegabytes: take("recordMaxMegabytes"),
    maxFeePerGasGwei: take("maxFeePerGasGwei"),
    proofDepth: take("proofDepth"),
    snapshotIntervalSeconds: take("snapshotIntervalSeconds"),
    json: take("json"),
  };
  problems.push(...checkKeys(origins));
  if (problems.length > 0) throw configError(problems);
  for (const key of KEYS_OF_SECRET_FILES) {
    const path = config[key];
    if (path !== undefined) secretFiles.push({ name: origins[key]?.name ?? key, path });
  }
  return {
    config: Object.freeze(config),
    origins: Object.freeze(origins) as Record<ConfigKey, Origin>,
    warnings: warnOfOpenFiles(secretFiles),
  };
}

function takeKeys(take: <K extends ConfigKey>(key: K) => KeeperConfig[K]): KeyConfig {
  const keys = Object.fromEntries(KEY_SETTINGS.map((key) => [key, take(key)])) as unknown as KeyConfig;
  const { attestKey, postKey, postKeystore, postAddress } = keys;
  const isPostElsewhere = postKeystore !== undefined || postAddress !== undefined;
  return { ...keys, postKey: postKey ?? (isPostElsewhere ? undefined : attestKey) };
}

function settle<K extends ConfigKey>(
  key: K,
  layers: readonly Layer[],
  problems: ConfigProblem[],
  secretFiles: SecretFile[],
): { value: KeeperConfig[K]; origin: Origin } {
  const row = CONFIG_TABLE[key];
  const options = CONFIG_OPTIONS.filter((option) => option.key === key);
  for (const layer of layers) {
    const [option, twin] = options.filter((candidate) => layer.read(candidate) !== undefined);
    if (option === undefined) continue;
    const origin: Origin = { kind: layer.kind, name: layer.nameOf(option) };
    if (twin !== undefined) {
      const other = layer.nameOf(twin);
      problems.push({ name: origin.name, expected: `given together with ${other}; keep one of them` });
      return { value: row.default, origin };
    }
    const raw = option.isKeyFile ? readKeyFile(layer, option, problems, secretFiles) : layer.read(option);
    if (raw === undefined) return { value: row.default, origin };
    const parsed = row.parse(raw);
    if (parsed.ok) {
      const isRelocated = row.isPath === true && layer.base !== undefined && typeof parsed.value === "string";
      const value = isRelocated ? (resolve(layer.base, parsed.value) as KeeperConfig[K]) : parsed.value;
      return { value, origin };
    }
    const value = row.isSecret === true ? "***" : (parsed.shown ?? showValue(raw));
    problems.push({ name: origin.name, value, expected: parsed.expected });
    return { value: row.default, origin };
  }
  return { value: row.default, origin: { kind: "default", name: "default" } };
}

function flagLayer({ flags }: ConfigInputs): Layer {
  const read = (option: ConfigOption): unknown => (Object.hasOwn(flags, option.name) ? flags[option.name] : undefined);
  return { kind: "flag", nameOf: (option) => option.flag, read };
}

function envLayer({ env, otherEnv = [] }: ConfigInputs, problems: ConfigProblem[]): Layer {
  const known: string[] = [...CONFIG_OPTIONS.map((option) => option.env), CONFIG_FILE_OPTION.env];
  for (const name of Object.keys(env)) {
    if (!name.startsWith("LOCKSTEP_") || known.includes(name) || otherEnv.includes(name)) continue;
    problems.push({ name, expected: unknownText(name, known) });
  }
  const read = (option: ConfigOption): unknown => (env[option.env]?.trim() === "" ? undefined : env[option.env]);
  return { kind: "env", nameOf: (option) => option.env, read };
}

function fileLayers(inputs: ConfigInputs, problems: ConfigProblem[]): Layer[] {
  const named = inputs.flags[CONFIG_FILE_OPTION.name] ?? (inputs.env[CONFIG_FILE_OPTION.env] || inputs.file);
  if (named === undefined) return [];
  const file = typeof named === "string" ? named : showValue(named);
  const settings = readSettings(file, problems);
  const known = CONFIG_OPTIONS.map((option) => option.name);
  for (const name of Object.keys(settings)) {
    if (!known.includes(name)) problems.push({ name: `${name} in ${file}`, expected: unknownText(name, known) });
  }
  const read = (option: ConfigOption): unknown =>
    Object.hasOwn(settings, option.name) ? settings[option.name] : undefined;
  return [{ kind: "file", nameOf: (option) => `${option.name} in ${file}`, read, base: dirname(resolve(file)) }];
}

function readSettings(file: string, problems: ConfigProblem[]): Record<string, unknown> {
  const text = readText(file, file, problems);
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message repeats pieces of the file, which may hold a secret.
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  problems.push({ name: file, expected: "the file does not hold one JSON object" });
  return {};
}

function readKeyFile(
  layer: Layer,
  option: ConfigOption,
  problems: ConfigProblem[],
  secretFiles: SecretFile[],
): string | undefined {
  const path = layer.read(option);
  const name = layer.nameOf(option);
  if (typeof path === "string" && path !== "") {
    const file = { name, path: resolve(layer.base ?? "", path) };
    secretFiles.push(file);
    return readText(file.path, name, problems);
  }
  problems.push({ name, value: showValue(path), expected: "the path of a file" });
  return undefined;
}

function readText(path: string, name: string, problems: ConfigProblem[]): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error: unknown) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    problems.push({ name, value: showValue(path), expected: `a file that can be read (${code})` });
    return undefined;
  }
}

function unknownText(name: string, known: readonly string[]): string {
  const near = suggest(name, known);
  return near === undefined ? "no such setting" : `no such setting; did you mean ${near}?`;
}
