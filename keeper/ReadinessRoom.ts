import type { Source } from "./chain/sources/Source.ts";
import type { Effect } from "./loop/ports.ts";
import type { KeeperOptions } from "./loop/KeeperOptions.ts";
import type { Keeper } from "./loop/Keeper.ts";
import { feesFor } from "./actions/plan/fees.ts";
import { PAUSE_GAS_LIMIT } from "./actions/plan/gasLimits.ts";
import { checkReadiness } from "./probes/checkReadiness.ts";
import type { ProbeResult } from "./probes/Probe.ts";
import type { ProvenFacts } from "./probes/ProvenFacts.ts";
import { provenFactsOf } from "./provenFactsOf.ts";
import type { Signers } from "./openSigners.ts";
import type { Logger } from "./telemetry/log.ts";

/** What a room proves readiness with. */
export interface ReadinessRoomParts {
  readonly keeper: Keeper;
  readonly options: KeeperOptions;
  readonly sources: readonly Source[];
  readonly signers: Signers;
  /** Blocks between two proofs; 0 for none. */
  readonly everyBlocks: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Told of each proof. */
  readonly onProof: (results: readonly ProbeResult[], blockNumber: number) => void;
  /** Raises an alert, and takes one back. */
  readonly onAlert: (effect: Extract<Effect, { type: "condition" | "alert" }>) => void;
}

/** Blocks after which what failed is tried again. */
const AGAIN_BLOCKS = 5;
const ROLES = ["pause", "attest", "post"] as const;

/**
 * Proves every so many blocks that this keeper could pause if it had to: a pause that cannot be sent is found before it is needed.
 * One proof at a time; it reads the proven books and asks the sources beside the core, and can neither delay nor end it.
 */
export class ReadinessRoom {
  readonly #parts: ReadinessRoomParts;
  readonly #failing = new Map<string, string>();
  #provedAt = -Infinity;
  #isProving = false;

  constructor(parts: ReadinessRoomParts) {
    this.#parts = parts;
  }

  /** Told of every effect: a block that is in sync may be the next one to prove it at. */
  see(effect: Effect): void {
    if (effect.type !== "block" || effect.report.verdict.kind !== "InSync") return;
    const { everyBlocks, signal, options } = this.#parts;
    const { number } = effect.report;
    const gap = this.#failing.size === 0 ? everyBlocks : Math.min(everyBlocks, AGAIN_BLOCKS);
    const isDue = everyBlocks > 0 && Math.abs(number - this.#provedAt) >= gap;
    if (!isDue || this.#isProving || signal.aborted || options.policy.mode !== "act") return;
    const facts = provenFactsOf(this.#parts.keeper, options.addresses);
    if (facts === null) return;
    this.#provedAt = number;
    this.#isProving = true;
    void this.#prove(facts, number).finally(() => {
      this.#isProving = false;
    });
  }

  async #prove(facts: ProvenFacts, blockNumber: number): Promise<void> {
    const { options, sources, signers, log, signal, onProof } = this.#parts;
    const { addresses, pauser, attester, poster, maxFeePerGas, requestDeadlineMs: deadlineMs } = options;
    try {
      const results = await checkReadiness({
        ...{ facts, addresses, sources, deadlineMs, signal },
        keys: { pause: pauser, attest: attester, post: poster },
        signers: ROLES.flatMap((role) => {
          const signer = signers[role];
          return signer === undefined ? [] : [{ role, check: () => signer.check() }];
        }),
        cost: {
          gas: PAUSE_GAS_LIMIT,
          feeCap: maxFeePerGas,
          feeNow: (base) => feesFor(base, 0, maxFeePerGas).maxFeePerGas,
        },
      });
      if (signal.aborted) return;
      onProof(results, blockNumber);
      this.#tell(results);
    } catch (error: unknown) {
      if (!signal.aborted) log.error("readiness-broken", { error });
    }
  }

  /** What began to fail, and what works again, each once. */
  #tell(results: readonly ProbeResult[]): void {
    const { log, onAlert } = this.#parts;
    for (const { name, status, detail, advice } of results) {
      const event = `not-ready: ${name}`;
      if (status === "fail" && !this.#failing.has(name)) {
        this.#failing.set(name, detail);
        onAlert({
          type: "alert",
          level: "critical",
          event,
          detail: `${detail}${advice === undefined ? "" : `: ${advice}`}`,
        });
      }
      if (status === "warn") log.warn("readiness", { check: name, detail, advice });
      if ((status === "ok" || status === "warn") && this.#failing.delete(name))
        log.info("ready-again", { check: name, detail });
    }
  }
}
