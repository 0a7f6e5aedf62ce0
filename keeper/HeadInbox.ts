import type { Input } from "./loop/ports.ts";

type Head = Extract<Input, { type: "head" }>;

/**
 * The newest head of each source, until the sockets that have something to say have been read: a source that announces heads as
 * fast as it can costs one look at the chain a round, and not one for each.
 */
export class HeadInbox {
  readonly #deliver: (head: Head) => void;
  readonly #heads = new Map<string, Head>();
  #due: NodeJS.Immediate | null = null;

  constructor(deliver: (head: Head) => void) {
    this.#deliver = deliver;
  }

  take(head: Head): void {
    // Behind the others, as it came.
    this.#heads.delete(head.source);
    this.#heads.set(head.source, head);
    this.#due ??= setImmediate(() => {
      this.#due = null;
      const heads = [...this.#heads.values()];
      this.#heads.clear();
      for (const each of heads) this.#deliver(each);
    });
  }

  /** The source is down: what it announced before counts no more. */
  forget(source: string): void {
    this.#heads.delete(source);
  }

  close(): void {
    if (this.#due !== null) clearImmediate(this.#due);
    this.#heads.clear();
  }
}
