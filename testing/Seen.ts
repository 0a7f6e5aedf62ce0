import { expect } from "chai";

import type { ConditionKind } from "../keeper/domain/conditions.ts";
import type { Attestation } from "../keeper/domain/Attestation.ts";
import type { BlockReport, Effect } from "../keeper/loop/ports.ts";
import { attestationsIn } from "./attestationsIn.ts";

type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;

/** What a keeper said and did from a point in time on, in the words of a scenario. */
export class Seen {
  readonly #all: readonly Effect[];
  readonly #from: number;

  /** @param effects everything the keeper ever did; what is there already is left out, unless `from` says otherwise */
  constructor(effects: readonly Effect[], from = effects.length) {
    this.#all = effects;
    this.#from = from;
  }

  get effects(): readonly Effect[] {
    return this.#all.slice(this.#from);
  }

  all<Type extends Effect["type"]>(type: Type): EffectOf<Type>[] {
    return this.effects.filter((effect): effect is EffectOf<Type> => effect.type === type);
  }

  get reports(): BlockReport[] {
    return this.all("block").map(({ report }) => report);
  }

  /** Verdicts in order, each named once until another follows: `InSync`, `Unknown(split)`. */
  get said(): string[] {
    const words = this.effects.flatMap((effect) => {
      if (effect.type === "unknown") return [`Unknown(${effect.reason})`];
      if (effect.type !== "block") return [];
      const { verdict } = effect.report;
      return [verdict.kind === "Unknown" ? `Unknown(${verdict.reason})` : verdict.kind];
    });
    return words.filter((word, index) => word !== words[index - 1]);
  }

  /** Conditions that began, in order. */
  get begun(): ConditionKind[] {
    return this.all("condition").flatMap(({ condition, holds }) => (holds ? [condition.kind] : []));
  }

  /** Conditions that ended, in order. */
  get ended(): ConditionKind[] {
    return this.all("condition").flatMap(({ condition, holds }) => (holds ? [] : [condition.kind]));
  }

  /** Levels of the alerts of an event. */
  alerts(event: string): string[] {
    return this.all("alert").flatMap((alert) => (alert.event === event ? [alert.level] : []));
  }

  /** Sources that were quarantined or found to be foreign, each once. */
  get quarantined(): string[] {
    return [...new Set(this.all("quarantine").map(({ source }) => source))];
  }

  /** What the attest key was asked to sign of blocks, in order. */
  get attestations(): Attestation[] {
    return attestationsIn(this.all("sign-typed-data"));
  }

  /** Blocks whose roots were signed, in order. */
  get attested(): number[] {
    return this.attestations.map(({ blockNumber }) => Number(blockNumber));
  }

  /** No divergence, no fault of the keeper's own, no incident and no pause. */
  expectCalm(): void {
    expect(this.said.filter((word) => word === "Diverged" || word === "OwnFault")).to.deep.equal([]);
    expect(this.all("incident")).to.deep.equal([]);
    expect(this.all("sign-transaction").filter(({ key }) => key === "pause")).to.deep.equal([]);
    expect(this.all("broadcast").filter(({ purpose }) => purpose !== "checkpoint")).to.deep.equal([]);
  }

  /** The same, and no key was used for anything. */
  expectUnsigned(): void {
    this.expectCalm();
    const used = this.effects.map(({ type }) => type).filter((type) => type.startsWith("sign-"));
    expect([used, this.attested]).to.deep.equal([[], []]);
  }
}
