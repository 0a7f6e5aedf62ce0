import type { CrashWorld } from "./CrashWorld.ts";
import type { Weather } from "./points.ts";

/** Blocks in which a pause that waits is not included, at most. */
const CLOSED_BLOCKS = 2;
/** Base fees of those blocks, wei: each above what the last attempt offered. */
const SPIKES = [60_000_000_000, 900_000_000_000];
const HASH = `0x${"ab".repeat(32)}`;
const REFUSALS = 2;

/** Makes the blocks of a run, in its weather. */
export class Sky {
  readonly #world: CrashWorld;
  readonly #weather: Weather;
  readonly #sent: () => readonly string[];
  #closed = 0;

  /** @param sent the pauses that keepers have sent so far, raw */
  constructor(world: CrashWorld, weather: Weather, sent: () => readonly string[]) {
    this.#world = world;
    this.#weather = weather;
    this.#sent = sent;
    const rules: Readonly<Record<Weather, string | null>> = {
      ...{ calm: null, held: null, fees: null },
      // The endpoint says that it took it and passes nothing on.
      swallowed: `eth_sendRawTransaction times=${CLOSED_BLOCKS}: replace "${HASH}"`,
      refused: `eth_sendRawTransaction times=${REFUSALS}: error -32000 the endpoint is busy`,
      unanswered: "eth_sendRawTransaction forward: drop",
    };
    const rule = rules[weather];
    if (rule !== null) for (const proxy of world.proxies) proxy.rule(rule);
  }

  /** Whether no block comes now: a pause that every endpoint refuses is sent again before the next block names another one. */
  get isStill(): boolean {
    const refused = this.#world.proxies.map(({ rules }) => rules[0]?.told ?? REFUSALS);
    const sends = this.#sent().length;
    return this.#weather === "refused" && sends > 0 && refused.some((told) => told < REFUSALS);
  }

  /** Mines a block. */
  async mine(): Promise<void> {
    const isClosed = this.#closed < CLOSED_BLOCKS && (await this.#isAwaited());
    if (isClosed) this.#closed += 1;
    if (isClosed && this.#weather === "fees") {
      await this.#world.send("anvil_setNextBlockBaseFeePerGas", `0x${(SPIKES[this.#closed - 1] ?? 0).toString(16)}`);
    }
    if (isClosed && this.#weather === "held") {
      await this.#world.send("anvil_dropAllTransactions");
      await this.#world.mine();
      await this.release();
      return;
    }
    await this.#world.mine();
  }

  /** Every node brings out every pause that was ever sent. */
  async release(): Promise<void> {
    for (const raw of this.#sent()) await this.#world.send("eth_sendRawTransaction", raw).catch(() => undefined);
  }

  async #isAwaited(): Promise<boolean> {
    const counts = [0, 1].map(async (keeper) => {
      return (await this.#world.sentBy(keeper, "pending")) > (await this.#world.sentBy(keeper));
    });
    return (await Promise.all(counts)).includes(true);
  }
}
