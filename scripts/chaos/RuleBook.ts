import { isIP } from "node:net";

import { SeededRandom } from "../local/SeededRandom.ts";
import { canApply, type Client, type Subject } from "./canApply.ts";
import { describeRule } from "./describeRule.ts";
import { parsePattern } from "./parsePattern.ts";
import { PUSH, type Rule } from "./Rule.ts";

/** What is done about one call or push. */
export interface Decision {
  readonly delayMs: number;
  readonly lie: Rule | undefined;
}

/** A rule in use. */
export interface ToldRule {
  readonly rule: Rule;
  /** The rule as text. */
  readonly text: string;
  /** How many lies it has told. */
  readonly told: number;
}

/** Who is told of every lie, delays included. */
export type LieListener = (rule: ToldRule, subject: Subject) => void;

const TRUTH: Decision = { delayMs: 0, lie: undefined };

/**
 * The rules in their order, and how often each has applied. The first rule that applies decides; a delay adds to what
 * the first rule of another kind does. A rule that matches and is not due (`after`, `every`, `probability`, `times`)
 * leaves the call to those that follow.
 *
 * Each rule draws from a sequence of its own, given by the seed and the rule's place: the same requests in the same
 * order are lied to alike, whatever rules come after.
 */
export class RuleBook {
  readonly #seed: number;
  readonly #onLie: LieListener;
  #rules: ActiveRule[] = [];
  #added = 0;

  constructor(seed: number, onLie: LieListener) {
    this.#seed = seed;
    this.#onLie = onLie;
  }

  get rules(): readonly ToldRule[] {
    return this.#rules;
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Whether a push could be lied about. */
  get touchesPushes(): boolean {
    return this.#rules.some((rule) => rule.mayMatch(PUSH));
  }

  /** Adds a rule, checked before, after the others. */
  add(rule: Rule): ToldRule {
    const active = new ActiveRule(rule, new SeededRandom(this.#seed + Math.imul(this.#added, 0x9e37_79b9)));
    this.#added += 1;
    this.#rules.push(active);
    return active;
  }

  remove(rule: ToldRule): void {
    this.#rules = this.#rules.filter((other) => other !== rule);
  }

  clear(): void {
    this.#rules = [];
    this.#added = 0;
  }

  decide(subject: Subject): Decision {
    let delayMs: number | undefined;
    for (const active of this.#rules) {
      const { rule } = active;
      if ((rule.action === "delay" && delayMs !== undefined) || !active.applies(subject)) continue;
      this.#onLie(active, subject);
      if (rule.action !== "delay") return { delayMs: delayMs ?? 0, lie: rule };
      delayMs = rule.ms;
    }
    return delayMs === undefined ? TRUTH : { delayMs, lie: undefined };
  }
}

class ActiveRule implements ToldRule {
  readonly rule: Rule;
  readonly text: string;
  told = 0;
  readonly #random: SeededRandom;
  readonly #method: RegExp;
  readonly #match: ((params: string) => boolean) | undefined;
  #matches = 0;

  constructor(rule: Rule, random: SeededRandom) {
    this.rule = rule;
    this.text = describeRule(rule);
    this.#random = random;
    const parts = (rule.method ?? "*").split("*").map((part) => part.replaceAll(/[\\^$.+?()[\]{}|/]/g, "\\$&"));
    this.#method = new RegExp(`^${parts.join(".*")}$`, "s");
    this.#match = rule.match === undefined ? undefined : toMatch(rule.match);
  }

  mayMatch(method: string): boolean {
    return this.#method.test(method);
  }

  applies(subject: Subject): boolean {
    const { after = 0, every = 1, probability = 1, times = Infinity } = this.rule;
    if (this.told >= times || !this.#matchesSubject(subject)) return false;
    this.#matches += 1;
    const count = this.#matches - after;
    if (count <= 0 || count % every !== 0) return false;
    if (probability < 1 && this.#random.next() >= probability) return false;
    this.told += 1;
    return true;
  }

  #matchesSubject(subject: Subject): boolean {
    const { client } = this.rule;
    if (!this.mayMatch(subject.method) || !canApply(this.rule, subject)) return false;
    if (client !== undefined && !isClient(client, subject.client)) return false;
    return this.#match?.(JSON.stringify(subject.params ?? [])) ?? true;
  }
}

function isClient(client: string, { address, userAgent }: Client): boolean {
  return isIP(client) === 0 ? userAgent.toLowerCase().includes(client.toLowerCase()) : address === client;
}

function toMatch(match: string | RegExp): (params: string) => boolean {
  const pattern = typeof match === "string" ? parsePattern(match) : match;
  if (pattern === undefined) {
    const text = String(match).toLowerCase();
    return (params) => params.toLowerCase().includes(text);
  }
  // A global or sticky expression would remember where it was.
  const plain = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ""));
  return (params) => plain.test(params);
}
