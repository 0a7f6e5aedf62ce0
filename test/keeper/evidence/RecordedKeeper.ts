import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeySigner } from "../../../keeper/actions/signers/KeySigner.ts";
import { createSource } from "../../../keeper/chain/sources/createSource.ts";
import type { Source } from "../../../keeper/chain/sources/Source.ts";
import { profileOf } from "../../../keeper/domain/chainProfile.ts";
import { ExchangeRing } from "../../../keeper/evidence/ExchangeRing.ts";
import { Recorder, type RecorderOptions, type RecorderStop } from "../../../keeper/evidence/Recorder.ts";
import type { Address, Hex } from "../../../keeper/lib/hex.ts";
import { Keeper } from "../../../keeper/loop/Keeper.ts";
import type { KeeperOptions } from "../../../keeper/loop/KeeperOptions.ts";
import type { BlockReport, Effect, Input } from "../../../keeper/loop/ports.ts";
import { Performer } from "../../../keeper/Performer.ts";
import { Journal } from "../../../keeper/store/Journal.ts";
import type { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";

const TICK_MS = 20;
const DEADLINE_MS = 20_000;

/** The parts of a service that a recording needs: real sources, the core, a journal and keys, and the recorder at the taps. */
export class RecordedKeeper {
  readonly effects: Effect[] = [];
  readonly ring = new ExchangeRing();
  readonly stops: RecorderStop[] = [];
  readonly #directory: string;
  readonly #recorder: Recorder;
  readonly #core: Keeper;
  readonly #sources = new Map<string, Source>();
  readonly #stopping = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #queue: Input[] = [];
  #performer: Performer | null = null;
  #journal: Journal | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #isStepping = false;

  private constructor(directory: string, recorder: Recorder, options: KeeperOptions) {
    this.#directory = directory;
    this.#recorder = recorder;
    this.#core = new Keeper(options);
  }

  /** `urls` by id of the source; one operator each. */
  static async start(
    world: LocalWorld,
    urls: Readonly<Record<string, string>>,
    recording: Partial<RecorderOptions> = {},
  ): Promise<RecordedKeeper> {
    const directory = await mkdtemp(join(tmpdir(), "lockstep-recorded-"));
    const stops: RecorderStop[] = [];
    const now = (): number => performance.now();
    const recorder = await Recorder.open({
      directory: join(directory, "recording"),
      now,
      wallNow: Date.now,
      onStop: (stop) => stops.push(stop),
      ...recording,
    });
    const options = optionsOf(world, urls);
    recorder.start(options, "0.0.0-test");
    const keeper = new RecordedKeeper(directory, recorder, options);
    keeper.stops.push(...stops);
    await keeper.#run(world, urls, now);
    return keeper;
  }

  /** Where the recording is. */
  get recording(): string {
    return this.#recorder.directory;
  }

  get reports(): BlockReport[] {
    return this.effects.flatMap((effect) => (effect.type === "block" ? [effect.report] : []));
  }

  /** Resolves as soon as what was done makes the condition true. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (condition()) resolve();
    };
    const timer = setTimeout(() => reject(new Error(`${what}: not in time`)), DEADLINE_MS);
    this.#waiting.add(check);
    check();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  /** Waits for the verdict `kind` on block `number` or a later one. */
  untilVerdict(kind: string, number: number): Promise<void> {
    return this.until(`${kind} at ${number}`, () => {
      const report = this.reports.at(-1);
      return report?.verdict.kind === kind && report.number >= number;
    });
  }

  async stop(): Promise<void> {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#stopping.abort();
    for (const source of this.#sources.values()) await source.close();
    await this.#journal?.close();
    await this.#recorder.close();
  }

  /** Removes everything, the recording included. */
  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #run(world: LocalWorld, urls: Readonly<Record<string, string>>, now: () => number): Promise<void> {
    this.#journal = await Journal.open(join(this.#directory, "journal.ndjson"));
    for (const [id, url] of Object.entries(urls)) {
      const source = createSource(
        { id, url, operator: id, client: "anvil" },
        {
          now,
          onExchange: (exchange) => {
            this.#recorder.exchange(exchange);
            this.ring.add(exchange);
          },
        },
      );
      this.#sources.set(id, source);
    }
    this.#performer = new Performer({
      sources: this.#sources,
      journal: this.#journal,
      signers: { pause: new KeySigner(world.keys.pause.privateKey as Hex) },
      chainId: 31_337,
      registry: world.addresses.CheckpointRegistry,
      now,
      requestDeadlineMs: 1_000,
      deliver: (input) => this.#deliver(input),
      onSent: () => undefined,
      onFatal: (error) => {
        throw error;
      },
    });
    for (const source of this.#sources.values()) {
      const handlers = {
        onHead: ({ number, hash, receivedAtMs }: { number: number; hash: Hex; receivedAtMs: number }): void =>
          this.#deliver({ type: "head", source: source.id, number, hash, nowMs: receivedAtMs }),
        onUp: (): void => this.#deliver({ type: "source-up", source: source.id, nowMs: now() }),
        onDown: (reason: string): void =>
          this.#deliver({ type: "source-down", source: source.id, reason, nowMs: now() }),
      };
      source.open(handlers, this.#stopping.signal);
    }
    this.#ticker = setInterval(() => this.#deliver({ type: "tick", nowMs: now() }), TICK_MS);
  }

  #deliver(input: Input): void {
    if (this.#stopping.signal.aborted) return;
    this.#queue.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#recorder.input(next);
      for (const effect of this.#core.step(next)) {
        this.#recorder.effect(effect);
        this.effects.push(effect);
        this.#performer?.perform(effect);
      }
    }
    this.#isStepping = false;
    for (const check of this.#waiting) check();
  }
}

function optionsOf(world: LocalWorld, urls: Readonly<Record<string, string>>): KeeperOptions {
  const options = {
    chainId: 31_337,
    addresses: world.addresses,
    immutables: world.immutables,
    deploymentBlock: world.market.chain.deployment.deploymentBlock,
    // As the service does: whole configured sources, with their URLs.
    sources: Object.entries(urls).map(([id, url]) => ({ id, operator: id, client: "anvil", url })),
    chain: profileOf(31_337),
    policy: { mode: "act", isLocalChain: true, allowSingleSource: false, checkpointIntervalSeconds: 3_600 } as const,
    pauser: world.pauser.address.toLowerCase() as Address,
    attester: null,
    poster: null,
    signedRoots: new Map(),
    proofDepth: 64,
    requestDeadlineMs: 1_000,
    hedgeMs: 50,
    maxFeePerGas: 10n ** 12n,
  };
  return options;
}
