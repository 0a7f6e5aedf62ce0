import { ruleFault } from "./ruleFault.ts";

/** A rule's text while it is read. */
export class RuleText {
  readonly #text: string;
  readonly #name: string;
  #at = 0;

  /** @param name what the rule is called in a message */
  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
  }

  /** Where the next character stands, from 1. */
  get position(): number {
    return this.#at + 1;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Whether this text comes next. */
  isNext(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  skipSpaces(): void {
    this.match(/\s*/y);
  }

  /** Takes what a sticky expression finds here; empty when it finds nothing. */
  match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  /** Takes the rest, without the spaces at its end. */
  rest(): string {
    return this.match(/.*/sy).trimEnd();
  }

  /** Takes a JSON string. */
  quoted(): string {
    const from = this.position;
    const text = this.match(/"(?:[^"\\]|\\.)*"/sy);
    try {
      return JSON.parse(text) as string;
    } catch {
      throw this.fault("expected a text in double quotes, escaped as in JSON", from);
    }
  }

  fault(problem: string, position = this.position): Error {
    return ruleFault(this.#name, problem, position);
  }
}
