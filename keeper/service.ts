import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { startApi, type Api } from "./api/httpServer.ts";
import { createSource } from "./chain/sources/createSource.ts";
import type { Source } from "./chain/sources/Source.ts";
import { chainOf } from "./config/chainOf.ts";
import type { Deployment } from "./config/deployment.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { EvidenceRoom } from "./EvidenceRoom.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import { HeadInbox } from "./HeadInbox.ts";
import type { Keeper } from "./loop/Keeper.ts";
import type { Effect, Input } from "./loop/ports.ts";
import { logEffect } from "./logEffect.ts";
import { Performer } from "./Performer.ts";
import { keeperOptions } from "./keeperOptions.ts";
import { readContracts } from "./readContracts.ts";
import { rememberChain } from "./rememberChain.ts";
import { readSigners } from "./readSigners.ts";
import { RebuildRoom } from "./RebuildRoom.ts";
import type { SnapshotRoom } from "./SnapshotRoom.ts";
import { startKeeper } from "./startKeeper.ts";
import { Status } from "./Status.ts";
import { refuseWhileLatched } from "./refuseWhileLatched.ts";
import { Journal } from "./store/Journal.ts";
import { acquireLock, type DirectoryLock } from "./store/lockFile.ts";
import type { Logger } from "./telemetry/log.ts";
import { ViewReader } from "./ViewReader.ts";

const TICK_MS = 50;

/** Everything a running keeper is made of. */
export interface ServiceOptions {
  readonly config: KeeperConfig;
  readonly deployment: Deployment;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Milliseconds since the epoch. */
  readonly wallNow?: () => number;
  /** Sees every effect as it is performed: for the live line, drills and tests. */
  readonly onEffect?: (effect: Effect, nowMs: number) => void;
}

/**
 * A keeper as a running service: sources, journal, keys and API around the core.
 *
 * Started by {@link KeeperService.start}; stopped in reverse order of start by {@link KeeperService.stop}.
 */
export class KeeperService {
  readonly #options: ServiceOptions;
  readonly #now: () => number;
  readonly #wallNow: () => number;
  readonly #abort = new AbortController();
  readonly #sources = new Map<string, Source>();
  readonly #early: Input[] = [];
  readonly #queue: Input[] = [];
  readonly #failed = Promise.withResolvers<never>();
  readonly #views: ViewReader;
  #isStepping = false;
  #keeper: Keeper | null = null;
  #performer: Performer | null = null;
  #journal: Journal | null = null;
  #lock: DirectoryLock | null = null;
  #api: Api | null = null;
  #evidence: EvidenceRoom | null = null;
  #snapshots: SnapshotRoom | null = null;
  #rebuilds: RebuildRoom | null = null;
  #hasFailed = false;
  #ticker: NodeJS.Timeout | null = null;
  readonly #heads = new HeadInbox((head) => {
    this.#deliver(head);
  });
  readonly status: Status;

  private constructor(options: ServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#wallNow = options.wallNow ?? Date.now;
    this.status = new Status(this.#now);
    this.#views = new ViewReader({
      views: options.config.views,
      deadlineMs: options.config.requestDeadlineMs,
      log: options.log,
      now: this.#now,
      deliver: this.#deliver.bind(this),
    });
    // A failure that nobody awaits must not end the process before it is stopped in order.
    this.#failed.promise.catch(() => undefined);
  }

  /** Starts a keeper; resolves when it follows its sources. Rejects with a KeeperError that says what to do. */
  static async start(options: ServiceOptions, signal?: AbortSignal): Promise<KeeperService> {
    const service = new KeeperService(options);
    signal?.addEventListener("abort", () => {
      service.#abort.abort();
    });
    try {
      await service.#start();
    } catch (error: unknown) {
      await service.stop();
      throw error;
    }
    return service;
  }

  /** Rejects when the keeper must not go on, for example because its journal cannot be written. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get apiUrl(): string {
    return this.#api?.url ?? "";
  }

  /** The core, for reading. */
  get keeper(): Keeper {
    if (this.#keeper === null) throw new KeeperError("NotStarted", "the keeper has not started");
    return this.#keeper;
  }

  /** Stops in reverse order of start; what fails to stop does not keep the rest from stopping. */
  async stop(): Promise<void> {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#heads.close();
    this.status.isDraining = true;
    this.#abort.abort();
    const rebuilds = await Promise.allSettled([this.#rebuilds?.close()]);
    await this.#snapshots?.close(!this.#hasFailed);
    const closed = await Promise.allSettled([
      this.#api?.close(),
      ...[...this.#sources.values()].map((source) => source.close()),
      this.#journal?.close(),
      this.#evidence?.close(),
    ]);
    const lock = this.#lock;
    this.#lock = null;
    await lock?.release();
    for (const result of [...rebuilds, ...closed]) {
      if (result.status === "rejected") this.#options.log.warn("stop-failed", { error: result.reason as unknown });
    }
  }

  async #start(): Promise<void> {
    const { config, deployment, log } = this.#options;
    await mkdir(config.dataDirectory, { recursive: true });
    this.#lock = await acquireLock(config.dataDirectory);
    this.#journal = await Journal.open(join(config.dataDirectory, "journal.ndjson"));
    if (this.#journal.tornTail !== undefined) log.warn("journal-tail-truncated", { ...this.#journal.tornTail });
    refuseWhileLatched(this.#journal);
    const evidence = await EvidenceRoom.open({ config, log, now: this.#now, wallNow: this.#wallNow });
    this.#evidence = evidence;
    this.#openSources(evidence);
    this.#api = await startApi({
      host: config.apiHost,
      port: config.apiPort,
      handlers: {
        isReady: () => this.status.readiness(),
        status: () => this.status.toJson(),
        metrics: () => this.status.metrics(),
      },
    });
    const sources = [...this.#sources.values()];
    const { immutables, genesisHash } = await readContracts(sources, deployment, config.requestDeadlineMs);
    const chain = chainOf(deployment.chainId, config);
    const known = { chainId: deployment.chainId, genesisHash };
    const remembered = {
      journal: this.#journal,
      expected: chain.genesisHash,
      dataDirectory: config.dataDirectory,
      log,
    };
    await rememberChain(known, remembered);
    log.info("chain", { profile: chain.name, finality: chain.finality, genesisHash, pin: chain.pin?.number ?? null });
    const signers = readSigners(config);
    for (const [key, signer] of Object.entries(signers)) log.info("signer", { key, address: signer.address });
    const told = { config, deployment, immutables, signers, journal: this.#journal };
    const options = keeperOptions({ ...told, chain: { ...chain, genesisHash } });
    evidence.begin(options);
    const [signal, now, status] = [this.#abort.signal, this.#now, this.status];
    const core = await startKeeper({ config, options, genesisHash, sources, status, log, signal, now });
    this.#keeper = core.keeper;
    this.#snapshots = core.snapshots;
    this.#rebuilds = new RebuildRoom({
      ...{ options, sources: config.sources, log, now, onRecord: status.rebuilding.bind(status) },
    });
    this.status.watch(core.keeper);
    this.#performer = new Performer({
      sources: this.#sources,
      journal: this.#journal,
      signers,
      chainId: deployment.chainId,
      registry: deployment.contracts.CheckpointRegistry,
      now: this.#now,
      requestDeadlineMs: config.requestDeadlineMs,
      deliver: this.#deliver.bind(this),
      onSent: (hash, source, error) => {
        this.status.sent(hash, error === null);
        if (error !== null) log.warn("send-refused", { hash, source, error });
      },
      onFatal: this.#fail.bind(this),
    });
    for (const input of this.#early.splice(0)) this.#deliver(input);
    this.#ticker = setInterval(() => {
      this.#deliver({ type: "tick", nowMs: this.#now(), wallSeconds: this.#wallNow() / 1_000 });
    }, TICK_MS);
  }

  #openSources(evidence: EvidenceRoom): void {
    for (const options of this.#options.config.sources) {
      const source = createSource(options, { now: this.#now, onExchange: evidence.take });
      this.#sources.set(source.id, source);
      const nowMs = this.#now;
      source.open(
        {
          onHead: ({ number, hash, receivedAtMs }) => {
            this.#heads.take({ type: "head", source: source.id, number, hash, nowMs: receivedAtMs });
          },
          onUp: () => {
            this.#options.log.info("source-up", { source: source.id, url: source.redactedUrl });
            this.#deliver({ type: "source-up", source: source.id, nowMs: nowMs() });
          },
          onDown: (reason) => {
            this.#heads.forget(source.id);
            this.#options.log.warn("source-down", { source: source.id, reason });
            this.#deliver({ type: "source-down", source: source.id, reason, nowMs: nowMs() });
          },
        },
        this.#abort.signal,
      );
    }
  }

  #deliver(input: Input): void {
    if (this.#abort.signal.aborted) return;
    if (this.#performer === null) {
      this.#early.push(input);
      return;
    }
    this.#queue.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } catch (error: unknown) {
      if (KeeperError.is(error, "SnapshotRefuted")) this.#snapshots?.discard();
      this.#fail(error);
      this.#abort.abort();
    } finally {
      this.#isStepping = false;
    }
  }

  #step(input: Input): void {
    this.#evidence?.input(input);
    for (const effect of this.keeper.step(input)) {
      const nowMs = this.#now();
      this.status.see(effect, nowMs);
      if (effect.type === "latch") {
        this.#journal?.append("latch", { detail: effect.detail }).catch(this.#fail.bind(this));
      }
      this.#performer?.perform(effect);
      this.#views.see(effect);
      this.#evidence?.see(effect);
      this.#snapshots?.see(effect);
      this.#rebuilds?.see(effect);
      this.#options.onEffect?.(effect, nowMs);
      logEffect(effect, this.#options.log);
    }
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#failed.reject(error instanceof Error ? error : new Error(String(error)));
  }
}
