import { setTimeout } from "node:timers/promises";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { ChaosRpc } from "../../scripts/chaos/ChaosRpc.ts";
import type { Answer, SourceCase } from "./cases.ts";
import type { Client, ClientKind } from "./Client.ts";
import { SLOT, type SourceWorld } from "./SourceWorld.ts";

/** What a client did, once. */
export interface Sample {
  readonly answer: Answer;
  readonly ms: number;
  /** Why there is no answer: the error's code or name. */
  readonly fault?: string;
}

/** One client in one case, and everything that it did there. */
export interface Cell {
  readonly case: SourceCase;
  readonly kind: ClientKind;
  readonly samples: Sample[];
}

/** How often to ask whom. */
export interface MatrixOptions {
  readonly runs: number;
  /** Longest time of an ask: then there is no answer. */
  readonly capMs: number;
  readonly cases: readonly SourceCase[];
  readonly clients: readonly ClientKind[];
  readonly say: (line: string) => void;
}

/** A client that has let so many asks in a case run into the cap is not asked again in it. */
const MAX_CAPPED = 3;
const CHAOS_SEED = 1;

/**
 * Asks every client in every case in turn, run by run: how fast a machine is may change from minute to minute. Each ask
 * is about a block of its own, with a value of its own, which nobody can have kept from before.
 */
export async function runMatrix(world: SourceWorld, options: MatrixOptions): Promise<Cell[]> {
  const { runs, capMs, cases, clients, say } = options;
  const stages = await Promise.all(cases.map((each) => Stage.open(world, each, clients)));
  try {
    for (let run = 0; run < runs; run += 1) {
      for (const stage of stages) await stage.askAll(run, capMs);
      say(`run ${run + 1} of ${runs}`);
    }
    return stages.flatMap(({ cells }) => cells);
  } finally {
    for (const stage of stages) await stage.close();
  }
}

/** Three sources of one case, and the clients that use them. */
class Stage {
  readonly cells: readonly Cell[];
  readonly #world: SourceWorld;
  readonly #proxies: readonly ChaosRpc[];
  readonly #clients: readonly (Client | Sample)[];

  private constructor(world: SourceWorld, proxies: readonly ChaosRpc[], cells: readonly Cell[]) {
    this.#world = world;
    this.#proxies = proxies;
    this.cells = cells;
    this.#clients = cells.map((cell) => openClient(world, proxies, cell));
  }

  static async open(world: SourceWorld, of: SourceCase, kinds: readonly ClientKind[]): Promise<Stage> {
    const start = async ({ node, rules }: SourceCase["places"][number]): Promise<ChaosRpc> => {
      return ChaosRpc.start({ upstreams: [world[node].url], rules: rules(world), seed: CHAOS_SEED });
    };
    const proxies = await Promise.all(of.places.map(start));
    return new Stage(
      world,
      proxies,
      kinds.map((kind) => ({ case: of, kind, samples: [] })),
    );
  }

  /** Each client once, another one first in each run. */
  async askAll(run: number, capMs: number): Promise<void> {
    for (let turn = 0; turn < this.cells.length; turn += 1) {
      const at = (turn + run) % this.cells.length;
      const [cell, client] = [this.cells[at], this.#clients[at]];
      if (cell === undefined || client === undefined) continue;
      if (cell.samples.filter(({ ms }) => ms >= capMs).length >= MAX_CAPPED) continue;
      const truth = await this.#world.advance();
      cell.samples.push("ask" in client ? await ask(client, this.#world, truth, capMs) : client);
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) if ("ask" in client) await client.close();
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}

/** The client, or that it refused to be opened. */
function openClient(world: SourceWorld, proxies: readonly ChaosRpc[], { case: of, kind }: Cell): Client | Sample {
  const urls = proxies.map(({ url }) => url);
  const operators = urls.map((_, index) => (of.isOneOperator === true ? "one" : `operator-${index + 1}`));
  const startedAtMs = performance.now();
  try {
    return kind.open({ urls, operators, chainId: world.truth.chainId, pin: world.pin });
  } catch (error: unknown) {
    return { answer: "none", ms: performance.now() - startedAtMs, fault: faultOf(error) };
  }
}

async function ask(client: Client, world: SourceWorld, truth: bigint, capMs: number): Promise<Sample> {
  const cap = new AbortController();
  const startedAtMs = performance.now();
  const asked = client.ask(world.contract, SLOT).then(
    (value): Omit<Sample, "ms"> => ({ answer: value === truth ? "right" : "wrong" }),
    (error: unknown): Omit<Sample, "ms"> => ({ answer: "none", fault: faultOf(error) }),
  );
  const capped = setTimeout(capMs, { answer: "none", fault: `nothing in ${capMs} ms` } as const, {
    signal: cap.signal,
  });
  // The loser's rejection, when it is cancelled, is nobody's.
  capped.catch(() => undefined);
  const outcome = await Promise.race([asked, capped]);
  const ms = performance.now() - startedAtMs;
  cap.abort();
  return { ...outcome, ms };
}

function faultOf(error: unknown): string {
  if (KeeperError.is(error)) return error.code;
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
