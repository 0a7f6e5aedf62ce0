import { KeySigner } from "./actions/signers/KeySigner.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import type { Hex } from "./lib/hex.ts";
import type { KeyName } from "./loop/ports.ts";

/** The signers of the configured keys. A keeper that does not act holds none. */
export function readSigners(config: KeeperConfig): Readonly<Partial<Record<KeyName, KeySigner>>> {
  if (config.mode !== "act") return {};
  const signers: Partial<Record<KeyName, KeySigner>> = {};
  const keys: Readonly<Record<KeyName, Hex | undefined>> = {
    pause: config.pauseKey,
    attest: config.attestKey,
    post: config.postKey ?? config.attestKey,
  };
  for (const name of ["pause", "attest", "post"] as const) {
    const key = keys[name];
    if (key !== undefined) signers[name] = new KeySigner(key);
  }
  return signers;
}
