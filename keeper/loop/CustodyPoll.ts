import { selectorOf, word } from "../actions/plan/abi.ts";
import type { Books } from "../books/Books.ts";
import { listedAssets, owedOf } from "../books/custody.ts";
import type { Condition } from "../domain/conditions.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { describeShortage } from "./Custody.ts";
import type { Follower, Standing } from "./Follower.ts";
import type { Heard } from "./Heard.ts";
import type { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { RpcAnswer, RpcCall } from "./ports.ts";

/** Least time between two rounds: every block of a chain with slow blocks, some of one with fast ones. */
const INTERVAL_MS = 4_000;
const WORD = /^0x[0-9a-f]{64}$/i;
const BALANCE_OF = selectorOf("balanceOf(address)");

/** One asset that is asked for at a block. */
interface Question {
  readonly asset: Address;
  /** By the books, asset units. */
  readonly owed: bigint;
  /** Of a slot that is declared and was not yet seen to be the right one; null where none is. */
  readonly word: bigint | null;
  /** What each operator says. */
  readonly said: Map<string, bigint>;
}

/** The questions at one block, and who still has to answer. */
interface Round {
  readonly hash: Hash;
  readonly questions: readonly Question[];
  /** Operators, by request. */
  readonly asked: Map<number, string>;
}

/** What CustodyPoll looks at. */
export interface CustodyPollParts {
  readonly books: Books;
  readonly judge: Judge;
  readonly follower: Follower;
  readonly outbox: Outbox;
}

/**
 * Asks the sources what the vault holds of the assets that no proof tells, beside everything else: no verdict waits for it, and none
 * follows. What k operators say alike at one block is a suspicion where it is less than what the books owe there.
 */
export class CustodyPoll {
  readonly #options: KeeperOptions;
  readonly #parts: CustodyPollParts;
  readonly #operators: ReadonlyMap<string, string>;
  #round: Round | null = null;
  #askedAtMs = -Infinity;
  /** Why each asset is suspected. */
  readonly #suspect = new Map<Address, string>();
  readonly #wrong = new Set<Address>();

  constructor(options: KeeperOptions, parts: CustodyPollParts) {
    this.#options = options;
    this.#parts = parts;
    this.#operators = new Map(options.sources.map(({ id, operator }) => [id, operator]));
  }

  /** The suspicion that holds now, of all assets together. */
  get conditions(): readonly Condition[] {
    if (this.#suspect.size === 0) return [];
    return [{ kind: "custody-suspect", detail: [...this.#suspect.values()].join("; ") }];
  }

  /** Why custody of an asset is known to be short, by a proof or by what k operators say; null where it is not. */
  shortOf(asset: Address): string | null {
    return this.#parts.judge.shortOf(asset)?.detail ?? this.#suspect.get(asset) ?? null;
  }

  /** Asks at the books' newest block, when it is time and k operators stand behind it. */
  step({ tip, fetched, isLevel, agreed }: Standing, nowMs: number): void {
    const patienceMs = this.#round === null ? INTERVAL_MS : INTERVAL_MS + this.#options.requestDeadlineMs;
    if (nowMs - this.#askedAtMs < patienceMs) return;
    if (!isLevel || agreed?.hash !== tip.hash || fetched.proven === null) return;
    const { books, judge, follower, outbox } = this.#parts;
    const { custody } = judge;
    const listed = listedAssets(books);
    for (const asset of this.#suspect.keys()) if (custody.isConfirmed(asset)) this.#suspect.delete(asset);
    const unproven = listed.filter((asset) => !fetched.custody.has(asset) || !custody.isConfirmed(asset));
    if (unproven.length === 0) return;
    this.#askedAtMs = nowMs;
    const questions = unproven.map((asset): Question => {
      return { asset, owed: owedOf(books, asset), word: fetched.custody.get(asset) ?? null, said: new Map() };
    });
    const vault = word(this.#options.addresses.CollateralVault);
    const calls = unproven.map((to): RpcCall => {
      return { method: "eth_call", params: [{ to, data: `${BALANCE_OF}${vault}` }, { blockHash: tip.hash }] };
    });
    const asked = new Map<number, string>();
    // Who does not have the block yet says so, and may have it by the time of the question.
    for (const source of follower.agreement.board.trusted()) {
      const operator = this.#operators.get(source);
      if (operator === undefined) continue;
      asked.set(outbox.request(source, calls, this.#options.requestDeadlineMs), operator);
    }
    this.#round = { hash: tip.hash, questions, asked };
  }

  /** Takes answers to an own request in: nothing is new before the last one. */
  answer(id: number, answers: readonly RpcAnswer[]): Heard {
    const round = this.#round;
    const operator = round?.asked.get(id);
    if (round === null || operator === undefined) return "not-ours";
    round.asked.delete(id);
    for (const [index, { said }] of round.questions.entries()) {
      const answer = answers[index];
      if (answer?.ok !== true || typeof answer.value !== "string" || !WORD.test(answer.value)) continue;
      said.set(operator, BigInt(answer.value));
    }
    if (round.asked.size > 0) return "nothing-new";
    this.#round = null;
    if (!this.#parts.follower.holds(round.hash)) return "nothing-new";
    for (const question of round.questions) this.#settle(question);
    return "new";
  }

  /** Where no k operators say the same nothing is known, and what was known before holds. */
  #settle({ asset, owed, word: proven, said }: Question): void {
    const { follower, judge } = this.#parts;
    const balances = [...said.values()];
    const held = balances.find((balance) => {
      return balances.filter((other) => other === balance).length >= follower.agreement.quorum;
    });
    if (held === undefined) return;
    if (proven !== null && held !== proven) this.#tellWrong(asset, proven, held);
    else if (proven !== null && (held > 0n || owed > 0n)) judge.custody.confirm(asset);
    if (held >= owed) this.#suspect.delete(asset);
    else this.#suspect.set(asset, `${describeShortage(asset, held, owed)}, as k operators say`);
  }

  #tellWrong(asset: Address, proven: bigint, held: bigint): void {
    if (this.#wrong.has(asset)) return;
    this.#wrong.add(asset);
    const detail = `the slot declared of ${asset} holds ${proven}, where k operators say that the vault holds ${held}: custody of it is only asked for`;
    this.#parts.outbox.emit({ type: "alert", level: "critical", event: "token-slot-wrong", detail });
  }
}
