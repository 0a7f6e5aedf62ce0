import { commitmentOf, NO_QUORUM, quorumOf, sorted, type STATUS, type Terms } from "./deployKeepers.ts";
import { PauseModel, type Incidents, type PauseClass, type PauseTimes } from "./PauseModel.ts";

const MILLION = 1_000_000n;
const MAX_KEEPERS = 32;
export type Status = keyof typeof STATUS;

/** A keeper, with all that is its own. */
export interface ModelKeeper {
  readonly attester: string;
  readonly pauser: string;
  readonly owner: string;
  readonly budget: PauseModel;
  status: Status;
  since: number;
  stake: bigint;
}

/** What was earned, and what of it was paid. */
export interface ModelDue {
  earned: bigint;
  paid: bigint;
}

/** What the token does with a transfer. */
export interface ModelToken {
  canPull(): boolean;
  canSend(to: string): boolean;
}

/** Why an operation is refused: the error's name without its prefix, or `token`. */
export type Refusal = string | null;

/**
 * The keeper registry from its definition and with no code of the contract: keepers, the vacant seats, what is due, and
 * nothing that follows from these.
 */
export class KeeperModel {
  readonly keepers = new Map<string, ModelKeeper>();
  readonly keys = new Map<string, ModelKeeper>();
  readonly rewards = new Map<string, ModelDue>();
  readonly burnable: ModelDue = { earned: 0n, paid: 0n };
  vacant = 0;
  setId = 0;
  losses = 0;
  isHalted = false;
  readonly #terms: Terms;
  readonly #times: PauseTimes;
  readonly #token: ModelToken;

  constructor(terms: Terms, times: PauseTimes, token: ModelToken) {
    this.#terms = terms;
    this.#times = times;
    this.#token = token;
  }

  get members(): string[] {
    return sorted([...this.keepers.values()].filter(({ status }) => status === "Active").map((one) => one.attester));
  }

  get size(): number {
    return this.members.length + this.vacant;
  }

  get quorum(): bigint {
    return this.size < this.#terms.minKeepers ? NO_QUORUM : BigInt(quorumOf(this.size));
  }

  get commitment(): string {
    return commitmentOf(BigInt(this.setId), this.quorum, this.members);
  }

  /** All that is owed: bonds, rewards and what is to be burned. */
  get owed(): bigint {
    const dues = [...this.rewards.values(), this.burnable].reduce((sum, { earned, paid }) => sum + earned - paid, 0n);
    return [...this.keepers.values()].reduce((sum, { stake }) => sum + stake, dues);
  }

  approve(attester: string, pauser: string, owner: string, now: number): Refusal {
    if (this.keys.has(attester) || this.keys.has(pauser) || attester === pauser) return "KeyInUse";
    const budget = new PauseModel(this.#times);
    const keeper: ModelKeeper = { attester, pauser, owner, budget, status: "Approved", since: now, stake: 0n };
    this.keepers.set(attester, keeper);
    this.keys.set(attester, keeper).set(pauser, keeper);
    return null;
  }

  bond(attester: string, now: number): Refusal {
    const keeper = this.keepers.get(attester);
    if (keeper?.status !== "Approved") return "WrongStatus";
    if (!this.#token.canPull()) return "token";
    keeper.stake = this.#terms.bond;
    return this.#become(keeper, "Bonded", now);
  }

  activate(attester: string, now: number): Refusal {
    const keeper = this.keepers.get(attester);
    if (keeper?.status !== "Bonded") return "WrongStatus";
    if (this.size >= this.#terms.minKeepers && now < keeper.since + this.#terms.joinDelay) return "TooEarly";
    if (this.members.length === MAX_KEEPERS) return "TooMany";
    if (this.vacant > 0) this.vacant -= 1;
    this.setId += 1;
    return this.#become(keeper, "Active", now);
  }

  requestExit(attester: string, caller: string, now: number): Refusal {
    const keeper = this.keepers.get(attester);
    if (keeper?.owner !== caller) return "NotOwner";
    if (keeper.status === "Active" && !this.isHalted) {
      const left = this.members.length - 1;
      if (left < this.#terms.minKeepers || left < quorumOf(this.size - 1)) return "TooFew";
    }
    return this.#leave(keeper, now);
  }

  remove(attester: string, now: number): Refusal {
    const keeper = this.keepers.get(attester);
    if (keeper?.status === "Approved") return this.#become(keeper, "Withdrawn", now);
    const wasWorking = this.#isWorking();
    const refusal = keeper === undefined ? "WrongStatus" : this.#leave(keeper, now);
    if (refusal === null && wasWorking && !this.#isWorking()) this.losses += 1;
    return refusal;
  }

  closeSeat(): Refusal {
    if (this.vacant === 0) return "NoVacancy";
    if (this.size - 1 < this.#terms.minKeepers) return "TooFew";
    this.vacant -= 1;
    this.setId += 1;
    return null;
  }

  withdrawBond(attester: string, now: number): Refusal {
    const keeper = this.keepers.get(attester);
    if (keeper?.status !== "Unbonding") return "WrongStatus";
    if (now < keeper.since + this.#terms.unbonding) return "TooEarly";
    if (!this.#token.canSend(keeper.owner)) return "token";
    keeper.stake = 0n;
    return this.#become(keeper, "Withdrawn", now);
  }

  slash(attesters: readonly string[], challenger: string, now: number): Refusal {
    let isChanged = false;
    for (const attester of attesters) {
      const keeper = this.keepers.get(attester);
      if (keeper === undefined || keeper.stake === 0n) continue;
      const reward = (keeper.stake * BigInt(this.#terms.challengerPpm)) / MILLION;
      const due = this.rewards.get(challenger) ?? { earned: 0n, paid: 0n };
      due.earned += reward;
      this.rewards.set(challenger, due);
      this.burnable.earned += keeper.stake - reward;
      keeper.stake = 0n;
      if (keeper.status === "Active") {
        this.vacant += 1;
        isChanged = true;
      }
      this.#become(keeper, "Slashed", now);
    }
    if (isChanged) this.setId += 1;
    return null;
  }

  claimReward(challenger: string, to: string): Refusal {
    return this.#pay(this.rewards.get(challenger), to);
  }

  burn(burned: string): Refusal {
    return this.#pay(this.burnable, burned);
  }

  usePause(pauser: string, wanted: PauseClass, now: number, incidents: Incidents): Refusal {
    const keeper = this.keys.get(pauser);
    if (keeper?.status !== "Active" || keeper.pauser !== pauser) return "NotPauser";
    return "armedAt" in keeper.budget.use(wanted, now, incidents) ? "NotRearmed" : null;
  }

  #pay(due: ModelDue | undefined, to: string): Refusal {
    if (due === undefined || due.earned === due.paid) return "NothingDue";
    if (!this.#token.canSend(to)) return "token";
    due.paid = due.earned;
    return null;
  }

  #leave(keeper: ModelKeeper, now: number): Refusal {
    if (keeper.status !== "Active" && keeper.status !== "Bonded") return "WrongStatus";
    if (keeper.status === "Active") this.setId += 1;
    return this.#become(keeper, "Unbonding", now);
  }

  #become(keeper: ModelKeeper, status: Status, now: number): null {
    keeper.status = status;
    keeper.since = now;
    return null;
  }

  #isWorking(): boolean {
    return BigInt(this.members.length) >= this.quorum;
  }
}
