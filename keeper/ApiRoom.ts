import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Afterwards } from "./Afterwards.ts";
import type { ApiEvent } from "./api/EventStream.ts";
import type { EvidenceFile, Rehearsal } from "./api/ports.ts";
import { startApi, type Api } from "./api/startApi.ts";
import { BUILD } from "./build.ts";
import { BUNDLE_FILE } from "./BundleRoom.ts";
import type { Deployment } from "./config/deployment.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { describeRecord } from "./describeRecord.ts";
import { BOOK_NAMES } from "./domain/bookSet.ts";
import { LOCAL_CHAIN_IDS } from "./domain/chainProfile.ts";
import type { Hash } from "./lib/hex.ts";
import type { Keeper } from "./loop/Keeper.ts";
import type { BlockReport, Effect } from "./loop/ports.ts";
import { describeLag, type LagPremium } from "./queries/lag.ts";
import { QueryRoom } from "./QueryRoom.ts";
import type { Status } from "./Status.ts";
import type { IncidentRecord } from "./telemetry/IncidentRecord.ts";
import type { Logger } from "./telemetry/log.ts";

/** What the API shows, and where. */
export interface ApiRoomParts {
  readonly config: KeeperConfig;
  readonly deployment: Deployment;
  readonly status: Status;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
  /** What this keeper knows to be signed; null before it exchanges. */
  readonly statements: () => string | null;
  /** Telling whoever watches waits for acts. */
  readonly afterwards: Pick<Afterwards, "add">;
  readonly rehearsal: Rehearsal | null;
}

/** The built dashboard. */
const PAGES = fileURLToPath(new URL("../dashboard/dist", import.meta.url));
/** Verdicts whose latency is shown. */
const MAX_SAMPLES = 600;
/** Incidents in the status; `/v1/incidents` has all. */
const MAX_IN_STATUS = 20;

interface Sample {
  readonly block: number;
  readonly timestamp: number;
  readonly detectionMs: number;
  readonly verdictMs: number;
  lagPremium: readonly LagPremium[];
}

/** Where the keeper is read: it answers from memory, tells those who watch what happens, and can do nothing else. */
export class ApiRoom {
  readonly #parts: ApiRoomParts;
  readonly #queries: QueryRoom;
  readonly #samples: Sample[] = [];
  readonly #startedAt: number;
  #state: Status["state"];
  #stateSince: number;
  #keeper: Keeper | null = null;
  #api: Api | null = null;

  private constructor(parts: ApiRoomParts) {
    this.#parts = parts;
    this.#queries = new QueryRoom(parts);
    this.#startedAt = this.#stateSince = parts.wallNow();
    this.#state = parts.status.state;
  }

  /** @throws KeeperError `PortTaken` or `ApiListenFailed` */
  static async open(parts: ApiRoomParts): Promise<ApiRoom> {
    const room = new ApiRoom(parts);
    const { config, status, log, statements } = parts;
    room.#api = await startApi({
      ...{ host: config.apiHost, port: config.apiPort, pages: PAGES },
      handlers: {
        isReady: () => status.readiness(),
        status: () => room.#document(),
        heartbeat: () => room.#heartbeat(),
        metrics: () => status.metrics(),
        statements,
        latency: () => room.#samples,
        books: () => room.#queries.books(),
        incidents: () => room.#incidents(),
        evidence: (incident) => room.#evidence(incident),
        ...(parts.rehearsal === null ? {} : { rehearsal: parts.rehearsal }),
      },
      onError: (error, path) => {
        log.error("api-error", { error, path });
      },
    });
    const { rehearsal } = parts;
    if (rehearsal !== null) {
      rehearsal.onChange = () => room.#api?.events.publish({ event: "drill", data: rehearsal.state() });
    }
    return room;
  }

  get url(): string {
    return this.#api?.url ?? "";
  }

  /** From now on the core is asked as well. */
  watch(keeper: Keeper): void {
    this.#keeper = keeper;
    this.#queries.watch(keeper);
  }

  /** Told of every effect after it was taken in. */
  see(effect: Effect): void {
    // Requests are nearly everything, and change nothing.
    if (effect.type === "request") return;
    this.#noteState();
    if (effect.type === "block") this.#sample(effect.report);
    const events = this.#api?.events;
    if (events === undefined || events.clientCount === 0) return;
    const make = this.#eventOf(effect);
    if (make === null) return;
    this.#parts.afterwards.add(() => {
      const event = make();
      if (event !== null) events.publish(event);
    });
  }

  async close(): Promise<void> {
    await this.#api?.close();
  }

  #document(): unknown {
    const { config, deployment, status } = this.#parts;
    this.#noteState();
    const { chainId } = deployment;
    return {
      keeper: {
        ...{ name: config.keeperName, version: BUILD, mode: config.mode, chainId },
        ...{ isLocalChain: LOCAL_CHAIN_IDS.has(chainId), startedAt: Math.round(this.#startedAt) },
      },
      ...{ stateSince: Math.round(this.#stateSince), ready: status.readiness() },
      ...status.toJson(),
      contracts: this.#contracts(),
      incidents: this.#incidents(MAX_IN_STATUS),
      drill: this.#parts.rehearsal?.state() ?? null,
    };
  }

  #heartbeat(): unknown {
    const { state, secondsSinceVerdict, sources, conditions } = this.#parts.status.toJson();
    return { state, secondsSinceVerdict, sources, conditions };
  }

  /** Roots of the books and of the chain at the books' newest block. */
  #contracts(): unknown[] {
    if (this.#keeper === null) return [];
    const { books, storageRoots } = this.#keeper;
    return BOOK_NAMES.map((contract) => ({
      ...{ contract, address: this.#parts.deployment.contracts[contract] },
      ...{ books: books.root(contract), chain: storageRoots?.get(contract) ?? null },
    }));
  }

  /** Newest first. */
  #incidents(limit?: number): ReturnType<typeof describeRecord>[] {
    return [...this.#parts.status.incidents.values()].reverse().slice(0, limit).map(this.#describe);
  }

  readonly #describe = (record: IncidentRecord): ReturnType<typeof describeRecord> => {
    const { now, wallNow } = this.#parts;
    return describeRecord(record, wallNow() - now());
  };

  async #evidence(incident: Hash): Promise<EvidenceFile | null> {
    const path = join(this.#parts.config.dataDirectory, "evidence", incident, BUNDLE_FILE);
    try {
      const { size: bytes } = await stat(path);
      return { path, bytes };
    } catch {
      return null;
    }
  }

  #sample({ number: block, timestamp, headAtMs, factsAtMs }: BlockReport): void {
    const now = this.#parts.now();
    const times = { detectionMs: round(now - headAtMs), verdictMs: round(now - factsAtMs) };
    const sample: Sample = { block, timestamp, ...times, lagPremium: [] };
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    this.#parts.afterwards.add(() => {
      const books = this.#queries.books();
      if (books.kind === "proven" && books.at.block.number === block)
        sample.lagPremium = describeLag(books.at.items, books.at);
    });
  }

  #noteState(): void {
    const { state } = this.#parts.status;
    if (state === this.#state) return;
    this.#state = state;
    this.#stateSince = this.#parts.wallNow();
  }

  /** What watchers are told of an effect, made when it is their turn; null for what they are not told. */
  #eventOf(effect: Effect): (() => ApiEvent | null) | null {
    const { status } = this.#parts;
    switch (effect.type) {
      case "block": {
        const { number, hash, timestamp, verdict, votes, quorum, logCount, slotCount: slots } = effect.report;
        const sample = this.#samples.at(-1);
        const block = { number, hash, timestamp };
        const counts = { votes, quorum, logCount, slots };
        return () => {
          const { detectionMs = 0, verdictMs = 0, lagPremium = [] } = sample ?? {};
          const measured = { detectionMs, verdictMs, lagPremium };
          return { event: "verdict", data: { block, verdict, state: status.state, ...counts, ...measured } };
        };
      }
      case "unknown": {
        const { reason, detail } = effect;
        return () => ({ event: "unknown", data: { reason, detail, state: status.state } });
      }
      case "incident":
        return () => this.#incidentEvent(effect.report.id);
      case "located":
        return () => this.#incidentEvent(effect.incidentId);
      case "condition": {
        const { condition, holds } = effect;
        return () => ({ event: "condition", data: { ...condition, holds } });
      }
      case "quarantine": {
        const { source, reason } = effect;
        return () => ({ event: "source", data: { source, reason } });
      }
      case "checkpoint": {
        const { blockNumber, blockHash, transaction } = effect;
        return () => ({ event: "checkpoint", data: { blockNumber: String(blockNumber), blockHash, transaction } });
      }
      default:
        return null;
    }
  }

  #incidentEvent(id: Hash): ApiEvent | null {
    const record = this.#parts.status.incidents.get(id);
    return record === undefined ? null : { event: "incident", data: this.#describe(record) };
  }
}

/** To a microsecond. */
function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
