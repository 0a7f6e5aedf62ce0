import { mkdir } from "node:fs/promises";

import { Afterwards } from "./Afterwards.ts";
import type { Rehearsal } from "./api/ports.ts";
import { ApiRoom } from "./ApiRoom.ts";
import type { Source } from "./chain/sources/Source.ts";
import type { Deployment } from "./config/deployment.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { EvidenceRoom } from "./EvidenceRoom.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import { HeadInbox } from "./HeadInbox.ts";
import type { Keeper } from "./loop/Keeper.ts";
import type { Effect, Input } from "./loop/ports.ts";
import { logEffect } from "./logEffect.ts";
import { createPerformer } from "./createPerformer.ts";
import type { Performer } from "./Performer.ts";
import { keeperOptions } from "./keeperOptions.ts";
import { PeopleRoom } from "./PeopleRoom.ts";
import { readChain } from "./readChain.ts";
import { SignerRoom } from "./SignerRoom.ts";
import { RebuildRoom } from "./RebuildRoom.ts";
import type { SnapshotRoom } from "./SnapshotRoom.ts";
import { InputQueue } from "./InputQueue.ts";
import { ReadinessRoom, type ReadinessRoomParts } from "./ReadinessRoom.ts";
import { openPeers } from "./openPeers.ts";
import { openSources } from "./openSources.ts";
import { openTokenSlots } from "./openTokenSlots.ts";
import type { Peers } from "./peers/Peers.ts";
import { startKeeper } from "./startKeeper.ts";
import { Status } from "./Status.ts";
import { StoreRoom } from "./StoreRoom.ts";
import { readOwnPast } from "./loop/OwnPast.ts";
import { refuseWhileLatched } from "./refuseWhileLatched.ts";
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
  /** What the API may begin on a chain that was made for it. */
  readonly rehearsal?: Rehearsal;
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
  readonly #inputs = new InputQueue<Input>((error) => {
    if (KeeperError.is(error, "SnapshotRefuted")) this.#snapshots?.discard();
    this.#fail(error);
    this.#abort.abort();
  });
  readonly #failed = Promise.withResolvers<never>();
  readonly #afterwards = new Afterwards(this.#fail.bind(this));
  readonly #views: ViewReader;
  #keeper: Keeper | null = null;
  #performer: Performer | null = null;
  /** Told of every effect after it was performed, in this order. */
  readonly #watchers: { see(effect: Effect): void }[] = [];
  #store: StoreRoom | null = null;
  #lock: DirectoryLock | null = null;
  #api: ApiRoom | null = null;
  #evidence: EvidenceRoom | null = null;
  #signing: SignerRoom | null = null;
  #snapshots: SnapshotRoom | null = null;
  #rebuilds: RebuildRoom | null = null;
  #peers: Peers | null = null;
  #people: PeopleRoom | null = null;
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
    this.status = new Status(this.#now, this.#wallNow);
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
    this.#inputs.close();
    this.#afterwards.flush();
    this.#heads.close();
    this.status.isDraining = true;
    this.#abort.abort();
    this.#peers?.close();
    this.#performer?.close();
    const rebuilds = await Promise.allSettled([this.#rebuilds?.close(), this.#people?.close()]);
    await this.#snapshots?.close(!this.#hasFailed);
    const closed = await Promise.allSettled([
      this.#api?.close(),
      ...[...this.#sources.values()].map((source) => source.close()),
      this.#store?.close(),
      this.#evidence?.close(),
    ]);
    this.#signing?.close();
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
    const room = await StoreRoom.open({ config, log, signal: this.#abort.signal, onLost: this.#fail.bind(this) });
    this.#store = room;
    const journal = room.store;
    this.#api = await ApiRoom.open({
      ...{ config, deployment, log, now: this.#now, wallNow: this.#wallNow, status: this.status },
      ...{ statements: () => this.#peers?.document ?? null, afterwards: this.#afterwards },
      rehearsal: this.#options.rehearsal ?? null,
    });
    const isLeading = await room.tryLead();
    if (isLeading) refuseWhileLatched(journal);
    const people = await PeopleRoom.open({
      ...{ config, chainId: deployment.chainId, store: journal, log, now: this.#now, wallNow: this.#wallNow },
      ...{ deliver: this.#deliver.bind(this), onFatal: this.#fail.bind(this), afterwards: this.#afterwards },
    });
    this.#people = people;
    this.status.acting.alerting(people.alerts);
    const evidence = await EvidenceRoom.open({ config, log, now: this.#now, wallNow: this.#wallNow });
    this.#evidence = evidence;
    openSources(this.#sources, {
      ...{ config, log, evidence, heads: this.#heads, signal: this.#abort.signal },
      ...{ now: this.#now, deliver: this.#deliver.bind(this) },
    });
    const sources = [...this.#sources.values()];
    const writing = isLeading ? journal : { records: () => journal.records(), append: () => Promise.resolve() };
    const { immutables, genesisHash, chain } = await readChain(sources, { config, deployment, journal: writing, log });
    this.#signing = await SignerRoom.open(config, { chainId: deployment.chainId, log });
    this.status.acting.signing(this.#signing);
    const { signers } = this.#signing;
    const addresses = Object.values(signers).map(({ address }) => address);
    await room.lockKeys(addresses, { chainId: deployment.chainId, genesisHash });
    const isStandby = !isLeading;
    const [signal, now, status] = [this.#abort.signal, this.#now, this.status];
    const tokenSlots = await openTokenSlots(sources, { config, deployment, chain, log, signal, now });
    const facts = { immutables, signers, journal, chain, isStandby, tokenSlots };
    const options = keeperOptions({ config, deployment, ...facts });
    evidence.begin(options);
    const core = await startKeeper({ config, options, genesisHash, sources, status, log, signal, now });
    this.#keeper = core.keeper;
    this.#snapshots = core.snapshots;
    this.#rebuilds = new RebuildRoom({
      ...{ options, sources: config.sources, log, now, onRecord: status.rebuilding.bind(status) },
    });
    this.status.watch(core.keeper);
    this.#api.watch(core.keeper);
    const { keeper } = core;
    this.#peers = openPeers({
      ...{ config, deployment, log, now, signal, keeper, status: status.acting.peers },
      deliver: this.#deliver.bind(this),
    });
    this.#performer = createPerformer({
      ...{ config, log, status, journal, signers, now, sources: this.#sources },
      ...{ deliver: this.#deliver.bind(this), onFatal: this.#fail.bind(this) },
    });
    this.#watchers.push(this.#views, evidence, ...(core.snapshots === null ? [] : [core.snapshots]), this.#rebuilds);
    this.#watchers.push(people, this.#api, this.#readinessRoom({ keeper, options, sources, signers }));
    if (isLeading) this.#lead(people);
    else this.#standBy(room, people).catch(this.#fail.bind(this));
    this.#inputs.open(this.#step.bind(this));
    this.#ticker = setInterval(() => {
      this.#deliver({ type: "tick", nowMs: this.#now(), wallSeconds: this.#wallNow() / 1_000 });
    }, TICK_MS);
  }

  /** Follows and judges beside the replica that leads, until that one is gone. */
  async #standBy(room: StoreRoom, people: PeopleRoom): Promise<void> {
    await room.lead();
    refuseWhileLatched(room.store);
    this.#lead(people);
    this.#deliver({ type: "lead", past: readOwnPast(room.store.records()), nowMs: this.#now() });
  }

  #lead(people: PeopleRoom): void {
    this.status.isStandby = false;
    people.lead();
  }

  #readinessRoom(parts: Pick<ReadinessRoomParts, "keeper" | "options" | "sources" | "signers">): ReadinessRoom {
    return new ReadinessRoom({
      ...parts,
      ...{ everyBlocks: this.#options.config.readinessBlocks, log: this.#options.log, signal: this.#abort.signal },
      onProof: this.status.acting.provedReady.bind(this.status.acting),
      onAlert: this.#see.bind(this),
    });
  }

  #deliver(input: Input): void {
    if (!this.#abort.signal.aborted) this.#inputs.add(input);
  }

  #step(input: Input): void {
    this.#evidence?.input(input);
    for (const effect of this.keeper.step(input)) this.#see(effect);
  }

  #see(effect: Effect): void {
    const nowMs = this.#now();
    this.status.see(effect, nowMs);
    this.status.acting.see(effect);
    // What a replica that does not lead would write or send is not done: asking is all it may.
    if (!this.status.isStandby || effect.type === "request") this.#performer?.perform(effect);
    for (const watcher of this.#watchers) watcher.see(effect);
    if (effect.type === "statements") this.#peers?.publish(effect.statements, effect.isOpen);
    this.#options.onEffect?.(effect, nowMs);
    this.#afterwards.add(() => {
      logEffect(effect, this.#options.log);
    });
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#failed.reject(error instanceof Error ? error : new Error(String(error)));
  }
}
