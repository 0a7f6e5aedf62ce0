import { expect } from "chai";

import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import { keccak256Hex } from "../../keeper/lib/keccak.ts";
import { sealBlock, type Executed, type SimBlock } from "../../simulator/chain/Block.ts";
import type { CallResult } from "../../simulator/contracts/callResult.ts";
import { Execution } from "../../simulator/contracts/Execution.ts";
import { signIdeally } from "../../simulator/contracts/idealSignature.ts";
import { callContract } from "../../simulator/contracts/keeperCalls.ts";
import { callAsUser, type UserCall } from "../../simulator/contracts/userCalls.ts";
import { GENESIS } from "../../simulator/world/genesis.ts";
import { encodeRequest, signReally, type KeeperRequest } from "./keeperRequests.ts";
import type { PlayedBlock, RealBlock, RealContracts, Request } from "./RealContracts.ts";
import { requestOf } from "./requestOf.ts";

/** What is asked of the contracts, by whomever. */
export type Operation = UserCall | KeeperRequest;

/** What the contracts are believed to do. */
export interface Model {
  readonly user: typeof callAsUser;
  readonly keeper: typeof callContract;
}

/** The simulator's. */
export const MODEL: Model = { user: callAsUser, keeper: callContract };

/** Counts by what happened: operations done, errors, events. */
export type Tally = Map<string, number>;

/** What a block is to hold, asked for one by one as the block is made. */
export type DrawBlock = (execution: Execution) => Generator<Operation>;

interface Step {
  readonly operation: Operation;
  readonly request: Request;
  readonly result: CallResult;
}

/** Plays one history on the model and on the real contracts at once, and compares after every block. */
export class History {
  readonly tally: Tally = new Map();
  readonly #real: RealContracts;
  readonly #model: Model;
  readonly #name: string;
  #head: SimBlock;

  private constructor(real: RealContracts, name: string, model: Model) {
    this.#real = real;
    this.#model = model;
    this.#name = name;
    let head: SimBlock | null = null;
    for (const block of real.prehistory) head = { ...GENESIS.block, ...block, parent: head };
    if (head === null) throw new Error("the chain has no block");
    this.#head = head;
  }

  static async begin(real: RealContracts, name: string, model = MODEL): Promise<History> {
    await real.begin();
    return new History(real, name, model);
  }

  get head(): SimBlock {
    return this.#head;
  }

  /**
   * The next block, so many seconds after the last one.
   *
   * @throws AssertionError where the two differ
   */
  async grow(seconds: number, draw: DrawBlock): Promise<void> {
    const parent = this.#head;
    const execution = new Execution(GENESIS.contracts, parent, parent.number + 1, parent.timestamp + seconds);
    const steps: Step[] = [];
    for (const operation of draw(execution)) steps.push(this.#execute(execution, operation));
    const played = await this.#real.play(
      steps.map(({ request }) => request),
      execution.timestamp,
    );
    this.#compare(execution, steps, played);
    this.#head = adopt(execution, played);
  }

  #execute(execution: Execution, operation: Operation): Step {
    const hash = keccak256Hex(new TextEncoder().encode(`${execution.number} ${execution.done.length}`));
    let result: CallResult;
    let request: Request;
    if (isOfKeeper(operation)) {
      request = encodeRequest(operation, signReally);
      const { from, data } = encodeRequest(operation, signIdeally);
      result = this.#model.keeper(execution, from, data);
    } else {
      request = requestOf(this.#real.world.system, operation);
      result = this.#model.user(execution, operation);
    }
    execution.take({ hash, succeeded: result.ok, logs: result.ok ? result.logs : [] });
    return { operation, request, result };
  }

  #compare(execution: Execution, steps: readonly Step[], played: PlayedBlock): void {
    const where = `${this.#name}, block ${execution.number}`;
    expect(played.number, where).to.equal(execution.number);
    expect(played.timestamp, where).to.equal(execution.timestamp);
    for (const [index, { operation, result }] of steps.entries()) {
      const { succeeded, logs, data } = played.outcomes[index]!;
      const what = `${where}, transaction ${index}, ${tell(operation)}`;
      const outcome = succeeded ? "done" : (this.#real.errorOf(data) ?? `refused without a name: ${data}`);
      const expected = result.ok ? "done" : (this.#real.errorOf(result.data) ?? `an unknown error: ${result.data}`);
      expect(outcome, what).to.equal(expected);
      expect(logs, what).to.deep.equal(result.ok ? result.logs : []);
      if (!succeeded) this.#count(outcome);
      else this.#count(logs.length === 0 ? `${operation.kind} without effect` : operation.kind);
      for (const { topics } of logs) this.#count(this.#real.eventOf(topics[0]!) ?? topics[0]!);
    }
    expect(execution.problems, `${where}, legal by the naive derivation`).to.deep.equal([]);
    const { roots } = execution.seal();
    for (const [index, book] of BOOK_NAMES.entries()) {
      expect(played.roots[index], `${where}, storage root of ${book}`).to.equal(roots[index]);
    }
  }

  #count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }
}

/** The model's block with the hash that the chain has given it: what pauses and checkpoints name. */
function adopt(execution: Execution, { hash }: RealBlock): SimBlock {
  const { parent, number, timestamp, done } = execution;
  const transactions: readonly Executed[] = done;
  const block = sealBlock({
    ...{ parent, number, timestamp, baseFeePerGas: 0n, state: execution.seal(), transactions },
    ...{ tamper: null, isReal: true, salt: "" },
  });
  return { ...block, hash };
}

function isOfKeeper(operation: Operation): operation is KeeperRequest {
  return operation.kind === "soft-pause" || operation.kind === "post" || operation.kind === "hard-pause";
}

function tell(operation: Operation): string {
  return JSON.stringify(operation, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
