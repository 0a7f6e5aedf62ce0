import { setTimeout as delay } from "node:timers/promises";

import { LOCAL_CHAIN_IDS } from "./domain/chainProfile.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Address } from "./lib/hex.ts";
import type { KnownChain } from "./rememberChain.ts";
import { acquireKeyLock } from "./store/keyLock.ts";
import type { DirectoryLock } from "./store/lockFile.ts";
import { openStore, type StoreSettings } from "./store/openStore.ts";
import type { Store } from "./store/Store.ts";
import type { Logger } from "./telemetry/log.ts";

/** Renewals, and tries of a standby, within the time that a lease lasts. */
const BEATS_PER_LEASE = 3;

/** What a keeper's store is opened with. */
export interface StoreRoomOptions {
  readonly config: StoreSettings;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The lead was lost to another replica: nothing more may be done here. */
  readonly onLost: (error: KeeperError) => void;
}

/** A keeper's store, its lead among replicas and its keys, for as long as the keeper runs. */
export class StoreRoom {
  readonly store: Store;

  readonly #options: StoreRoomOptions;
  readonly #keys: DirectoryLock[] = [];
  #beat: NodeJS.Timeout | undefined;

  private constructor(store: Store, options: StoreRoomOptions) {
    this.store = store;
    this.#options = options;
  }

  /** Opens the store. @throws KeeperError those of `openStore` */
  static async open(options: StoreRoomOptions): Promise<StoreRoom> {
    return new StoreRoom(await openStore(options.config), options);
  }

  /**
   * Resolves when this replica leads, at once where there are no others; what the earlier leader wrote is in `records`
   * then. From now on the lease is renewed.
   *
   * @throws KeeperError `Stopped` when the keeper is stopped before
   */
  async lead(): Promise<void> {
    const { log, signal } = this.#options;
    for (let isFirst = true; !(await this.tryLead()); isFirst = false) {
      if (isFirst) log.info("standby", { store: this.store.place });
      await delay(this.#beatMs, undefined, { signal }).catch(() => {
        throw new KeeperError("Stopped", "the keeper was stopped while another replica led");
      });
    }
  }

  /**
   * Whether this replica leads now: with everything that the earlier leader wrote in `records`, and the lease renewed from now on.
   * A database that does not answer says no.
   */
  async tryLead(): Promise<boolean> {
    const { lease, place } = this.store;
    if (lease.ttlMs === null) return true;
    if (!(await this.#tryAcquire())) return false;
    this.#options.log.info("leading", { store: place, token: lease.token });
    this.#beat = setInterval(() => void this.#renew(), this.#beatMs);
    return true;
  }

  get #beatMs(): number {
    return (this.store.lease.ttlMs ?? 0) / BEATS_PER_LEASE;
  }

  /**
   * Takes the keys for this host. Replicas share theirs.
   *
   * @throws KeeperError `KeyInUse`, `KeyLockFailed`
   */
  async lockKeys(addresses: Iterable<Address>, { chainId, genesisHash }: KnownChain): Promise<void> {
    if (this.store.kind === "postgresql") return;
    const use = { chainId, genesisHash: LOCAL_CHAIN_IDS.has(chainId) ? genesisHash : null };
    for (const address of new Set(addresses)) this.#keys.push(await acquireKeyLock({ ...use, address }));
  }

  /** Waits for what was appended, then lets the next replica lead, and gives the keys back. */
  async close(): Promise<void> {
    clearInterval(this.#beat);
    await this.store.close();
    for (const key of this.#keys.splice(0)) await key.release();
  }

  async #tryAcquire(): Promise<boolean> {
    try {
      return await this.store.lease.tryAcquire();
    } catch (error: unknown) {
      if (!KeeperError.is(error, "StoreUnavailable")) throw error;
      this.#options.log.warn("store-unavailable", { error });
      return false;
    }
  }

  async #renew(): Promise<void> {
    const { log, onLost } = this.#options;
    try {
      if (await this.store.lease.renew()) return;
      clearInterval(this.#beat);
      const { place } = this.store;
      onLost(
        new KeeperError("StoreFenced", `another replica leads on ${place} now; this one starts again as its standby`),
      );
    } catch (error: unknown) {
      log.warn("store-unavailable", { error });
    }
  }
}
