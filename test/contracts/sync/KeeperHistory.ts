import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionResponse } from "ethers";

import type { SeededRandom } from "../../helpers/SeededRandom.ts";
import { attesterAt, CLASS, DAY, GAS, pauserAt, type BondTokens, type Keepers, type Terms } from "./deployKeepers.ts";
import { KeeperModel, type Refusal, type Status } from "./KeeperModel.ts";
import type { PauseTimes } from "./PauseModel.ts";

export const BURNED = "0x000000000000000000000000000000000000dEaD";
export const PAUSE_TIMES: PauseTimes = { coolDown: 3_600, softTime: 3_000, viewTime: 1_200 };
const CLASSES = [CLASS.Books, CLASS.View] as const;
/** What a hostile token answers, or what the registry says of it. */
const TOKEN_ERRORS = /^(MockTokenBlocked|SafeERC20FailedOperation|KeeperRegistryBondDiffers|ERC20InsufficientBalance)$/;

/** What people do, and how often. */
const WEIGHTS = {
  approve: 9,
  bond: 14,
  activate: 14,
  requestExit: 6,
  remove: 2,
  closeSeat: 2,
  withdrawBond: 9,
  slash: 2,
  claimReward: 4,
  burn: 3,
  usePause: 12,
  endIncident: 4,
  halt: 2,
  turnToken: 4,
  block: 3,
} as const;
export type Step = keyof typeof WEIGHTS;
export const STEPS = Object.keys(WEIGHTS) as Step[];

/** What a step was to do, and what it did. */
export interface Outcome {
  readonly step: Step;
  readonly expected: Refusal;
  readonly actual: Refusal;
}

type HostileName = Exclude<keyof BondTokens, "MockToken" | "HookToken">;
export type HostileSystem = Keepers<HostileName>;

/** People, keepers and a hostile token act at random on the registry and on the model of it. */
export class KeeperHistory {
  readonly model: KeeperModel;
  readonly people: readonly HardhatEthersSigner[];
  /** How many keepers have been tried; there are no others. */
  known = 0;
  readonly #system: HostileSystem;
  readonly #random: SeededRandom;
  readonly #blocked = new Set<string>();
  #isHostile = false;
  #now: number;
  #generation = 0;
  #liftedAt = 0;

  constructor(system: HostileSystem, terms: Terms, now: number, random: SeededRandom) {
    this.#system = system;
    this.#random = random;
    this.#now = now;
    this.people = system.users.slice(0, 4);
    const registry = system.keeperRegistry.target as string;
    this.model = new KeeperModel(terms, PAUSE_TIMES, {
      canPull: () => !(this.#isHostile && "setPercent" in system.bondToken) && !this.#blocked.has(registry),
      canSend: (to) => !(this.#isHostile && !("setPercent" in system.bondToken)) && !this.#blocked.has(to),
    });
  }

  /** One step of a random kind, some time later. */
  async next(setTime: (now: number) => Promise<void>): Promise<Outcome> {
    let drawn = this.#random.below(Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0));
    const step = STEPS.find((name) => (drawn -= WEIGHTS[name]) < 0)!;
    this.#now += 1 + this.#random.below([60, 3_600, DAY][this.#random.below(3)]!);
    await setTime(this.#now);
    const { expected, sent } = this.#steps[step]();
    return { step, expected, actual: await refusalOf(sent) };
  }

  /** Mostly a keeper in one of these statuses, sometimes any, sometimes nobody. */
  #pick(...statuses: readonly Status[]): number {
    const { keepers } = this.model;
    const suited = Array.from({ length: this.known }, (_, index) => index).filter((index) =>
      statuses.includes(keepers.get(attesterAt(index))?.status ?? "None"),
    );
    const isSuited = suited.length > 0 && this.#random.below(6) > 0;
    return isSuited ? suited[this.#random.below(suited.length)]! : this.#random.below(this.known + 2);
  }

  #person(): HardhatEthersSigner {
    return this.people[this.#random.below(this.people.length)]!;
  }

  readonly #steps: Record<Step, () => { expected: Refusal; sent: Promise<ContractTransactionResponse> }> = {
    approve: () => {
      const index = this.#random.below(4) > 0 ? this.known++ : this.#random.below(this.known + 1);
      // Rarely the keys of two keepers, or one key for both.
      const other = this.#random.below(12) === 0 ? pauserAt(this.#random.below(this.known + 1)) : pauserAt(index);
      const pauser = this.#random.below(20) === 0 ? attesterAt(index) : other;
      const args = [attesterAt(index), pauser, this.people[index % 4]!.address] as const;
      const sent = this.#registry.approve(...args, GAS);
      return { expected: this.model.approve(...args, this.#now), sent };
    },
    bond: () => {
      const attester = attesterAt(this.#pick("Approved"));
      return { expected: this.model.bond(attester, this.#now), sent: this.#registry.bond(attester, GAS) };
    },
    activate: () => {
      const attester = attesterAt(this.#pick("Bonded"));
      return { expected: this.model.activate(attester, this.#now), sent: this.#registry.activate(attester, GAS) };
    },
    requestExit: () => {
      const index = this.#pick("Active", "Bonded");
      const caller = this.#random.below(8) === 0 ? this.#person() : this.people[index % 4]!;
      const expected = this.model.requestExit(attesterAt(index), caller.address, this.#now);
      return { expected, sent: this.#registry.connect(caller).requestExit(attesterAt(index), GAS) };
    },
    remove: () => {
      const attester = attesterAt(this.#pick("Active", "Bonded", "Approved"));
      return { expected: this.model.remove(attester, this.#now), sent: this.#registry.remove(attester, GAS) };
    },
    closeSeat: () => ({ expected: this.model.closeSeat(), sent: this.#registry.closeSeat(GAS) }),
    withdrawBond: () => {
      const attester = attesterAt(this.#pick("Unbonding"));
      const expected = this.model.withdrawBond(attester, this.#now);
      return { expected, sent: this.#registry.withdrawBond(attester, GAS) };
    },
    slash: () => {
      const count = 1 + this.#random.below(3);
      const liars = Array.from({ length: count }, () => attesterAt(this.#pick("Active", "Unbonding", "Bonded")));
      const challenger = this.#person().address;
      const expected = this.model.slash(liars, challenger, this.#now);
      return { expected, sent: this.#system.probe.slash(liars, challenger, GAS) };
    },
    claimReward: () => {
      const [challenger, to] = [this.#person(), this.#person().address];
      const expected = this.model.claimReward(challenger.address, to);
      return { expected, sent: this.#registry.connect(challenger).claimReward(to, GAS) };
    },
    burn: () => ({ expected: this.model.burn(BURNED), sent: this.#registry.burn(GAS) }),
    usePause: () => {
      const pauser = pauserAt(this.#pick("Active"));
      const wanted = CLASSES[this.#random.below(2)]!;
      const incidents = { generation: this.#generation, liftedAt: this.#liftedAt };
      const expected = this.model.usePause(pauser, wanted, this.#now, incidents);
      return { expected, sent: this.#system.probe.usePause(pauser, wanted, { ...PAUSE_TIMES, ...incidents }, GAS) };
    },
    endIncident: () => {
      this.#generation += 1;
      this.#liftedAt = this.#now;
      return { expected: null, sent: this.#system.probe.setHalted(this.model.isHalted, GAS) };
    },
    halt: () => {
      this.model.isHalted = !this.model.isHalted;
      return { expected: null, sent: this.#system.probe.setHalted(this.model.isHalted, GAS) };
    },
    turnToken: () => {
      this.#isHostile = !this.#isHostile && this.#random.below(3) === 0;
      return { expected: null, sent: this.#turn(this.#isHostile) };
    },
    block: () => {
      const places = [...this.people.map(({ address }) => address), BURNED, this.#registry.target as string];
      const isFreeing = this.#blocked.size > 0 && this.#random.below(3) > 0;
      const candidates = isFreeing ? [...this.#blocked] : places;
      const place = candidates[this.#random.below(candidates.length)]!;
      if (!this.#blocked.delete(place)) this.#blocked.add(place);
      return { expected: null, sent: this.#system.bondToken.setBlocked(place, this.#blocked.has(place), GAS) };
    },
  };

  get #registry() {
    return this.#system.keeperRegistry;
  }

  #turn(isHostile: boolean): Promise<ContractTransactionResponse> {
    const token = this.#system.bondToken;
    if ("setFalse" in token) return token.setFalse(isHostile, this.#random.bool(), GAS);
    return "setExtra" in token ? token.setExtra(isHostile ? 1n : 0n, GAS) : token.setPercent(isHostile ? 1n : 0n, GAS);
  }
}

/** Null when it worked, `token` when the token was the reason. */
async function refusalOf(sent: Promise<ContractTransactionResponse>): Promise<Refusal> {
  try {
    await sent;
    return null;
  } catch (error: unknown) {
    const name = /custom error '(\w+)\(/.exec((error as Error).message)?.[1];
    if (name === undefined) throw error;
    return TOKEN_ERRORS.test(name) ? "token" : name.replace(/^KeeperRegistry/, "");
  }
}
