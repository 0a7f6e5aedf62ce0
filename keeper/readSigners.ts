import { configError } from "./config/ConfigProblem.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { LOCAL_CHAIN_IDS } from "./domain/chainProfile.ts";
import { openSigners, type Signers } from "./openSigners.ts";
import type { Logger } from "./telemetry/log.ts";

/** Where the signers are to sign. */
export interface SigningPlace {
  readonly chainId: number;
  readonly log: Pick<Logger, "info" | "warn">;
}

/**
 * The signers of the configured keys, each told to the log by its address. A keeper that does not act holds none.
 * A remote signer is not asked anything yet.
 *
 * @throws KeeperError `ConfigInvalid` naming the setting.
 */
export async function readSigners(config: KeeperConfig, { chainId, log }: SigningPlace): Promise<Signers> {
  if (config.mode !== "act") return {};
  const signers = await openSigners(config);
  try {
    checkShared(signers, { chainId, log });
    for (const [key, { address, kind }] of Object.entries(signers)) log.info("signer", { key, address, kind });
    warnOfPlainUrl(config, log);
    return signers;
  } catch (error: unknown) {
    for (const signer of Object.values(signers)) signer.close();
    throw error;
  }
}

/** A pause must not wait behind a post: its key's nonces are its own. */
function checkShared({ pause, post }: Signers, { chainId, log }: SigningPlace): void {
  if (pause === undefined || pause.address !== post?.address) return;
  const { address } = pause;
  const name = "the pause key and the posting key";
  const expected = `two keys, but both are ${address}: a pause would wait behind a post that hangs`;
  if (!LOCAL_CHAIN_IDS.has(chainId)) throw configError([{ name, expected }]);
  log.warn("signer-shared", { address, detail: `${name} are one; outside a local chain that is refused` });
}

function warnOfPlainUrl({ signerUrl }: KeeperConfig, log: SigningPlace["log"]): void {
  if (signerUrl === undefined || !signerUrl.startsWith("http:")) return;
  const { hostname } = new URL(signerUrl);
  if (hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.")) return;
  const detail = "the remote signer is reached without TLS: whoever is in the network may have it sign anything";
  log.warn("signer-unencrypted", { host: hostname, detail });
}
