import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Rehearsal } from "../../keeper/api/ports.ts";
import { CONFIG_OPTIONS } from "../../keeper/config/configOptions.ts";
import type { KeyRole } from "../../keeper/config/KeyConfig.ts";
import { loadKeeperConfig } from "../../keeper/config/loadKeeperConfig.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { KeeperService } from "../../keeper/service.ts";
import type { Logger } from "../../keeper/telemetry/log.ts";
import { developmentWallet, ROLES } from "./accounts.ts";
import type { LockstepDeployment } from "./deployLockstep.ts";

/** How to run a keeper on a local network. */
export interface LocalKeeperOptions {
  /** WebSocket URL of each source, one operator each. */
  readonly sources: readonly string[];
  readonly deployment: LockstepDeployment;
  readonly log: Logger;
  readonly apiPort?: number;
  readonly checkpointIntervalSeconds?: number;
  /** Default true; without, the keeper has no pause key. */
  readonly mayPause?: boolean;
  /** Default true; without, the keeper has no attest key. */
  readonly mayAttest?: boolean;
  /** `name|url|policy` of each view. */
  readonly views?: readonly string[];
  /** Further settings, by the names of the configuration file; they win over those above. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Settings by environment variable: a key that is set there is used in place of the development one. */
  readonly env?: Readonly<Record<string, string>>;
  /** Monotonic milliseconds, in place of this process's. */
  readonly now?: () => number;
  readonly onEffect?: (effect: Effect, nowMs: number) => void;
  /** What its API may begin. */
  readonly rehearsal?: Rehearsal;
}

/** A keeper in this process with a data directory of its own that goes with it. */
export interface LocalKeeper {
  readonly service: KeeperService;
  readonly dataDirectory: string;
  stop(): Promise<void>;
}

/** The development keys of a keeper, as settings, but for those that the environment sets. */
export function developmentKeys(env: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const isSet = (role: KeyRole): boolean => {
    const places: readonly string[] = [`${role}Key`, `${role}Keystore`, `${role}Address`];
    return CONFIG_OPTIONS.some((option) => places.includes(option.key) && (env[option.env] ?? "") !== "");
  };
  return {
    ...(isSet("pause") ? {} : { pauseKey: developmentWallet(ROLES.pauser).privateKey }),
    ...(isSet("attest") ? {} : { attestKey: developmentWallet(ROLES.attester).privateKey }),
  };
}

/** Starts the real keeper, with the development keys unless the options name others. */
export async function startLocalKeeper(options: LocalKeeperOptions): Promise<LocalKeeper> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "lockstep-"));
  const { pauseKey, attestKey } = developmentKeys(options.env);
  const { config } = loadKeeperConfig({
    flags: {
      sources: options.sources.map((url, index) => `${url}|operator-${index + 1}|local`).join(","),
      dataDirectory,
      apiPort: String(options.apiPort ?? 0),
      ...(options.mayPause === false || pauseKey === undefined ? {} : { pauseKey }),
      ...(options.mayAttest === false || attestKey === undefined ? {} : { attestKey }),
      checkpointIntervalSeconds: String(options.checkpointIntervalSeconds ?? 5),
      ...(options.views === undefined ? {} : { views: options.views.join(",") }),
      ...options.flags,
    },
    env: options.env ?? {},
  });
  const { deployment, log, now, onEffect, rehearsal } = options;
  try {
    const service = await KeeperService.start({
      config,
      deployment,
      log,
      ...(now === undefined ? {} : { now }),
      ...(onEffect === undefined ? {} : { onEffect }),
      ...(rehearsal === undefined ? {} : { rehearsal }),
    });
    return {
      service,
      dataDirectory,
      stop: async () => {
        await service.stop();
        await rm(dataDirectory, { recursive: true, force: true });
      },
    };
  } catch (error: unknown) {
    await rm(dataDirectory, { recursive: true, force: true });
    throw error;
  }
}
