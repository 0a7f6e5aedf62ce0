/** Those who wait for a condition on what a test collects. */
export class Waiters {
  readonly #checks = new Set<() => void>();

  /** Something was collected: everybody looks again. */
  wake(): void {
    for (const check of this.#checks) check();
  }

  /** Resolves when something that is collected makes the condition true; the test's own time limit ends it otherwise. */
  async until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (condition()) resolve();
    };
    this.#checks.add(check);
    check();
    await promise;
    this.#checks.delete(check);
  }
}
