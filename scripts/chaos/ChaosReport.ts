import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { paintFor, type Paint } from "../../keeper/commands/formatBlock.ts";
import { redactUrl } from "../../keeper/lib/redact.ts";
import type { Subject } from "./canApply.ts";
import type { ChaosRpc } from "./ChaosRpc.ts";
import type { ToldRule } from "./RuleBook.ts";

/** What `lockstep chaos-rpc` says: lines for people, or one JSON value a line. */
export class ChaosReport {
  readonly #context: CommandContext;
  readonly #isJson: boolean;
  readonly #isQuiet: boolean;
  readonly #paint: Paint;
  /** Lies by the text of their rule, over all rules there have been. */
  readonly #told = new Map<string, number>();

  constructor(context: CommandContext, isJson: boolean, isQuiet: boolean) {
    this.#context = context;
    this.#isJson = isJson;
    this.#isQuiet = isQuiet;
    this.#paint = paintFor(context.isColoured);
  }

  listening({ url, wsUrl, seed, rules }: ChaosRpc, upstreams: readonly string[]): void {
    const shown = upstreams.map((text) => text.split("|").map(redactUrl).join("|"));
    const texts = rules.map(({ text }) => text);
    this.#say({ event: "listening", url, wsUrl, upstreams: shown, seed, rules: texts }, [
      `listening   ${url} and ${wsUrl}`,
      ...shown.map((text, index) => `upstream ${index}  ${text}`),
      `seed        ${seed}`,
      ...texts.map((text) => `rule        ${text}`),
    ]);
  }

  lie({ text }: ToldRule, { kind, method, transport, client }: Subject): void {
    this.#told.set(text, (this.#told.get(text) ?? 0) + 1);
    if (this.#isQuiet) return;
    const line = `lie         ${this.#paint.yellow(method)} over ${transport} to ${client.address}  (${text})`;
    this.#say({ event: "lie", kind, method, transport, client: client.address, rule: text }, [line]);
  }

  rules(rules: readonly ToldRule[]): void {
    const texts = rules.map(({ text }) => text);
    const lines = texts.map((text) => `rule        ${text}`);
    this.#say({ event: "rules", rules: texts }, [`rules       read again: ${texts.length}`, ...lines]);
  }

  /** New rules that are none: those before stay. */
  rulesRefused(message: string): void {
    this.#say({ event: "rules-refused", message }, [this.#paint.red(`rules       unchanged: ${message}`)]);
  }

  ended({ calls, rules }: ChaosRpc): void {
    for (const { text } of rules) this.#told.set(text, this.#told.get(text) ?? 0);
    const byCount = (counts: ReadonlyMap<string, number>): [string, number][] =>
      [...counts].sort((left, right) => right[1] - left[1]);
    const lies = byCount(this.#told);
    this.#say(
      { event: "ended", calls: Object.fromEntries(calls), lies: lies.map(([rule, told]) => ({ rule, told })) },
      [
        ...byCount(calls).map(([method, count]) => `calls       ${String(count).padStart(6)}  ${method}`),
        ...lies.map(([text, count]) => `lies        ${String(count).padStart(6)}  ${text}`),
      ],
    );
  }

  #say(event: Readonly<Record<string, unknown>>, lines: readonly string[]): void {
    for (const line of this.#isJson ? [JSON.stringify(event)] : lines) this.#context.stdout.write(`${line}\n`);
  }
}
