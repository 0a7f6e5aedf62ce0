import type { KeeperConfig } from "./config/KeeperConfig.ts";
import type { KeyRole } from "./config/KeyConfig.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Signers } from "./openSigners.ts";
import { readSigners, type SigningPlace } from "./readSigners.ts";

/** Below the five seconds after which servers of Node.js close an idle connection: a pause finds it open. */
const CHECK_MS = 4_000;

/**
 * The keeper's signers, watched. Those in this process need none; a remote one is asked every few seconds whether it could
 * sign, which tells readiness, and keeps the connection warm.
 *
 * A remote signer that does not answer does not keep the keeper from starting: one that watches and cannot pause yet is
 * better than none. One that answers and does not hold the key is refused, for it is the wrong one.
 */
export class SignerRoom {
  readonly signers: Signers;
  readonly #log: SigningPlace["log"];
  /** Why a key cannot sign now. */
  readonly #faults = new Map<KeyRole, KeeperError>();
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  private constructor(signers: Signers, log: SigningPlace["log"]) {
    this.signers = signers;
    this.#log = log;
  }

  /** @throws KeeperError as {@link readSigners} does; `SignerKeyMissing` when the remote signer holds another key. */
  static async open(config: KeeperConfig, place: SigningPlace): Promise<SignerRoom> {
    const room = new SignerRoom(await readSigners(config, place), place.log);
    await room.check();
    const missing = [...room.#faults.values()].find(({ code }) => code === "SignerKeyMissing");
    if (missing !== undefined) {
      room.close();
      throw missing;
    }
    room.#schedule();
    return room;
  }

  /** Which key cannot sign now, and why, for the readiness page; null when all can. */
  get problem(): string | null {
    const [first] = this.#faults;
    return first === undefined ? null : `the ${first[0]} key cannot sign: ${first[1].code}`;
  }

  /** Asks each remote signer once, one after the other. */
  async check(): Promise<void> {
    for (const [role, signer] of Object.entries(this.signers) as [KeyRole, NonNullable<Signers[KeyRole]>][]) {
      if (signer.kind !== "remote" || this.#isClosed) continue;
      const fault = await signer.check().then(() => null, toFault);
      this.#note(role, signer.address, fault);
    }
  }

  /** Wipes the keys and closes the connections. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const signer of Object.values(this.signers)) signer.close();
  }

  #schedule(): void {
    const isWatched = Object.values(this.signers).some(({ kind }) => kind === "remote");
    if (!isWatched || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.check().then(() => this.#schedule());
    }, CHECK_MS);
    // Nothing is lost when the process ends before the next look.
    this.#timer.unref();
  }

  /** Told once when it begins, changes and ends. */
  #note(key: KeyRole, address: string, fault: KeeperError | null): void {
    if (this.#isClosed) return;
    const before = this.#faults.get(key);
    if (fault === null) {
      this.#faults.delete(key);
      if (before !== undefined) this.#log.info("signer-ready", { key, address });
      return;
    }
    this.#faults.set(key, fault);
    if (before?.code === fault.code) return;
    this.#log.warn("signer-not-ready", {
      key,
      address,
      error: fault,
      detail: "until it answers, this key signs nothing",
    });
  }
}

function toFault(error: unknown): KeeperError {
  return KeeperError.is(error) ? error : new KeeperError("SignerFault", String(error), {}, { cause: error });
}
