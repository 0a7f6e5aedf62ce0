import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKeeperConfig } from "../../../keeper/config/loadKeeperConfig.ts";
import type { BlockReport, Effect } from "../../../keeper/loop/ports.ts";
import { KeeperService } from "../../../keeper/service.ts";
import type { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { SILENT } from "../../helpers/silentLog.ts";

const DEADLINE_MS = 20_000;

/** A keeper as a service that records everything it is told. */
export class RecordedKeeper {
  readonly effects: Effect[] = [];
  /** Journal, evidence and recording are below. */
  readonly directory: string;
  readonly #waiting = new Set<() => void>();
  #service: KeeperService | null = null;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** One operator for each URL. It pauses, and attests nothing. */
  static async start(
    world: LocalWorld,
    urls: readonly string[],
    flags: Readonly<Record<string, string>> = {},
  ): Promise<RecordedKeeper> {
    const keeper = new RecordedKeeper(await mkdtemp(join(tmpdir(), "lockstep-recorded-")));
    const { config } = loadKeeperConfig({
      flags: {
        sources: urls.map((url, index) => `${url}|operator-${index + 1}|local`).join(","),
        dataDirectory: join(keeper.directory, "data"),
        record: join(keeper.directory, "recordings"),
        apiPort: "0",
        pauseKey: world.pauser.privateKey,
        attestKey: world.keys.attest.privateKey,
        checkpointIntervalSeconds: "3600",
        ...flags,
      },
      env: {},
    });
    keeper.#service = await KeeperService.start({
      config,
      deployment: world.market.chain.deployment,
      log: SILENT,
      onEffect: (effect) => {
        keeper.effects.push(effect);
        for (const check of keeper.#waiting) check();
      },
    });
    return keeper;
  }

  get reports(): BlockReport[] {
    return this.effects.flatMap((effect) => (effect.type === "block" ? [effect.report] : []));
  }

  /** Where the recording is. */
  async recording(): Promise<string> {
    const recordings = join(this.directory, "recordings");
    const [name] = await readdir(recordings);
    return join(recordings, name!);
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
    const service = this.#service;
    this.#service = null;
    await service?.stop();
  }

  /** Removes everything, the recording included. */
  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
