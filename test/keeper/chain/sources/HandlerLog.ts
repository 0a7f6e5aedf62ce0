import type { HeadAnnouncement, SourceHandlers } from "../../../../keeper/chain/sources/Source.ts";

/** Handlers that keep what they are told and let a test wait for it. */
export class HandlerLog implements SourceHandlers {
  readonly events: string[] = [];
  readonly heads: HeadAnnouncement[] = [];
  readonly #waiting = new Set<() => void>();

  onHead(head: HeadAnnouncement): void {
    this.heads.push(head);
    this.#note(`head ${head.number} ${head.hash.slice(2, 4)}`);
  }

  onUp(): void {
    this.#note("up");
  }

  onDown(reason: string): void {
    this.#note(`down ${reason}`);
  }

  /** Resolves when events with the prefix have been told `times` times; the test's timeout is the limit. */
  async until(prefix: string, times = 1): Promise<void> {
    while (this.events.filter((event) => event.startsWith(prefix)).length < times) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #note(event: string): void {
    this.events.push(event);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
