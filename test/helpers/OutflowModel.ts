import type { Limits } from "./assets.ts";

const MILLION = 1_000_000n;
const UINT96_MAX = 2n ** 96n - 1n;

/** What a withdrawal does to the limits: who paid, or why nobody did. */
export type Outcome =
  | { readonly isPaid: true; readonly allowanceUsed: bigint }
  | { readonly isPaid: false; readonly outlet: bigint; readonly allowance: bigint };

/** An account's allowance: used as of a time, as OpenZeppelin's `RefillingBucketItem`. */
export interface AllowanceItem {
  readonly used: bigint;
  readonly at: bigint;
}

/** The outflow limit of one asset, from its definition and with no code of the vault; amounts in asset units. */
export class OutflowModel {
  limits: Limits;
  level: bigint;
  levelAt: bigint;
  held = 0n;
  readonly items = new Map<string, AllowanceItem>();

  constructor(limits: Limits, now: bigint) {
    this.limits = limits;
    this.level = this.capacity;
    this.levelAt = now;
  }

  get capacity(): bigint {
    return (this.limits.cap * this.limits.outflowPpm) / MILLION;
  }

  get allowanceCapacity(): bigint {
    return (this.limits.cap * this.limits.allowancePpm) / MILLION;
  }

  setLimits(limits: Limits, now: bigint): void {
    this.#relax(now);
    this.limits = limits;
  }

  /** Whether the cap lets `amount` in. */
  deposit(amount: bigint, now: bigint): boolean {
    if (this.held + amount > this.limits.cap) return false;
    this.#relax(now);
    this.held += amount;
    this.level = this.level + amount > UINT96_MAX ? UINT96_MAX : this.level + amount;
    return true;
  }

  withdraw(account: string, amount: bigint, now: bigint, weight = 1n): Outcome {
    const before = { level: this.level, levelAt: this.levelAt };
    this.#relax(now);
    if (amount * weight <= this.level) {
      this.level -= amount * weight;
      this.held -= amount;
      return { isPaid: true, allowanceUsed: 0n };
    }
    const used = this.#usedOf(account, now);
    if (used + amount <= this.allowanceCapacity) {
      this.items.set(account, { used: used + amount, at: now });
      this.held -= amount;
      return { isPaid: true, allowanceUsed: used + amount };
    }
    const outlet = this.level / weight;
    Object.assign(this, before);
    const allowance = this.allowanceCapacity - used;
    return { isPaid: false, outlet, allowance: allowance > 0n ? allowance : 0n };
  }

  #relax(now: bigint): void {
    const { capacity, level } = this;
    const step = (capacity * (now - this.levelAt)) / this.limits.period;
    if (level < capacity) this.level = level + step > capacity ? capacity : level + step;
    else this.level = level - step < capacity ? capacity : level - step;
    this.levelAt = now;
  }

  #usedOf(account: string, now: bigint): bigint {
    const item = this.items.get(account);
    if (item === undefined) return 0n;
    const refilled = ((now - item.at) * this.allowanceCapacity) / this.limits.period;
    return item.used > refilled ? item.used - refilled : 0n;
  }
}
