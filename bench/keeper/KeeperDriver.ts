import { POLICY_DEFAULTS } from "../../keeper/domain/policy.ts";
import { CallGroup } from "../../keeper/chain/sources/CallGroup.ts";
import { decodeUtf8, parseJson, settleFromAnswer } from "../../keeper/chain/sources/jsonRpc.ts";
import { profileOf } from "../../keeper/domain/chainProfile.ts";
import type { Verdict } from "../../keeper/domain/Verdict.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Address } from "../../keeper/lib/hex.ts";
import { Keeper } from "../../keeper/loop/Keeper.ts";
import type { KeeperOptions } from "../../keeper/loop/KeeperOptions.ts";
import type { Effect, Input, RpcAnswer } from "../../keeper/loop/ports.ts";
import type { Head, OwnChain } from "./OwnChain.ts";
import type { Recording } from "./Recording.ts";

type Request = Extract<Effect, { type: "request" }>;

/** What one block cost the keeper, from bytes to verdict. Wall-clock and processor milliseconds. */
export interface VerdictCost {
  readonly verdict: Verdict["kind"] | null;
  /** What came with the header: itself and the account proofs; as if it had been the first to arrive. */
  readonly headerMs: number;
  /** From the last answer's bytes, the receipts, to the verdict. */
  readonly lastMs: number;
  /** All of it, as if every byte had come at once. */
  readonly totalMs: number;
  readonly cpuMs: number;
  /** The part of it that made values of bytes. */
  readonly parseMs: number;
  /** Bytes of the answers. */
  readonly bytes: number;
}

const SOURCES = ["one", "two", "three"];
const GWEI = 1_000_000_000n;
/** The keeper's clock goes by blocks. */
const BLOCK_MS = 12_000;
/** The pause key of the driven keeper: its nonce is proven with every block. */
export const PAUSE_KEY: Address = `0x${"4b".repeat(20)}`;

function optionsFor({ deployment, immutables }: Recording): KeeperOptions {
  return {
    ...{ chainId: deployment.chainId, addresses: deployment.contracts, immutables },
    // What the main network is like; the id is the recording's, because signed messages name it.
    ...{
      deploymentBlock: deployment.deploymentBlock,
      chain: { ...profileOf(1), genesisHash: null, haltSeconds: Infinity },
    },
    sources: SOURCES.map((id) => ({ id, operator: id })),
    policy: {
      mode: "watch",
      isLocalChain: false,
      allowSingleSource: false,
      checkpointIntervalSeconds: 300,
      ...POLICY_DEFAULTS,
    },
    ...{ pauser: PAUSE_KEY, attester: null, poster: null, signedRoots: new Map() },
    ...{ proofDepth: 64, requestDeadlineMs: 2_000, hedgeMs: 60, maxFeePerGas: 5_000n * GWEI },
  };
}

/**
 * The real core before a chain of its own: three sources announce every block, and what the core asks for is answered. Where
 * it is to be measured, the answers come as the bytes of a JSON-RPC answer and take the way that a source's bytes take.
 */
export class KeeperDriver {
  readonly keeper: Keeper;
  readonly #chain: OwnChain;
  #nowMs = 1;
  #verdict: Verdict["kind"] | null = null;

  constructor(recording: Recording, chain: OwnChain) {
    this.keeper = new Keeper(optionsFor(recording));
    this.#chain = chain;
  }

  /** The sources are up. */
  open(): void {
    for (const source of SOURCES) this.#deliver({ type: "source-up", source, nowMs: this.#nowMs });
  }

  /** Lets the keeper judge a block, without looking at the time. Returns its verdict. */
  follow(head: Head): Verdict["kind"] | null {
    this.#announce(head);
    return this.#verdict;
  }

  /** Lets the keeper judge a block, and measures. */
  measure(head: Head): VerdictCost {
    const sample = { headerMs: 0, lastMs: 0, parseMs: 0, bytes: 0, cpuMs: 0 };
    this.#announce(head, (request, values) => {
      const bytes = encode(values);
      const cpu = process.cpuUsage();
      const startedMs = performance.now();
      const answers = decode(request, bytes);
      const parsedMs = performance.now() - startedMs;
      const isJudged = this.#verdict !== null;
      const effects = this.#step({ type: "answers", id: request.id, answers, nowMs: this.#nowMs });
      const tookMs = performance.now() - startedMs;
      const { user, system } = process.cpuUsage(cpu);
      // What is asked for after the verdict, and the polls, no verdict waits for.
      if (!isJudged && isOfBlock(request)) {
        sample.bytes += bytes.length;
        sample.cpuMs += (user + system) / 1_000;
        sample.parseMs += parsedMs;
        if (this.#verdict === null) sample.headerMs += tookMs;
        else sample.lastMs += tookMs;
      }
      return effects;
    });
    return { ...sample, totalMs: sample.headerMs + sample.lastMs, verdict: this.#verdict };
  }

  #announce(head: Head, take: (request: Request, values: readonly unknown[]) => Effect[] = this.#take): void {
    this.#verdict = null;
    this.#nowMs += BLOCK_MS;
    for (const source of SOURCES)
      this.#requests.push(...this.#step({ type: "head", source, ...head, nowMs: this.#nowMs }));
    this.#answerAll(take);
    // What is asked for from time to time is asked for between blocks.
    this.#deliver({ type: "tick", nowMs: this.#nowMs });
  }

  readonly #requests: Effect[] = [];

  #deliver(input: Input): void {
    this.#requests.push(...this.#step(input));
    this.#answerAll(this.#take);
  }

  readonly #take = (request: Request, values: readonly unknown[]): Effect[] => {
    const answers = values.map((value): RpcAnswer => ({ ok: true, value }));
    return this.#step({ type: "answers", id: request.id, answers, nowMs: this.#nowMs });
  };

  #answerAll(take: (request: Request, values: readonly unknown[]) => Effect[]): void {
    for (let effect = this.#requests.shift(); effect !== undefined; effect = this.#requests.shift()) {
      if (effect.type !== "request") continue;
      const values = effect.calls.map(({ method, params }) => this.#chain.answer(method, params));
      this.#requests.push(...take(effect, values));
    }
  }

  #step(input: Input): Effect[] {
    const effects = this.keeper.step(input);
    for (const effect of effects) if (effect.type === "block") this.#verdict = effect.report.verdict.kind;
    return effects;
  }
}

function isOfBlock({ calls: [first] }: Request): boolean {
  return first?.method === "eth_getBlockByHash" || first?.method === "eth_getBlockReceipts";
}

function encode(values: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify(values.map((result, index) => ({ jsonrpc: "2.0", id: 1 + index, result }))));
}

/** The way of an answer's bytes through a source. */
function decode({ calls, source }: Request, bytes: Buffer): RpcAnswer[] {
  const group = new CallGroup(source, 1, calls, true);
  const text = decodeUtf8(bytes);
  assert(text.ok, "the answer is UTF-8");
  const parsed = parseJson(text.text);
  assert(parsed.ok, "the answer is JSON");
  settleFromAnswer(group, parsed.value);
  return group.items.map((item) => {
    assert(item.ok, "every call is answered");
    return { ok: true, value: item.result };
  });
}
