/** A bug in the keeper itself: never caught to continue, never shown as a fault or a divergence. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Stops the program when something that cannot happen has happened. Never used for input from outside. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
