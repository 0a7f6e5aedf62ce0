/**
 * `JSON.stringify` with its whole type: what has no JSON (undefined, a function, a symbol) gives undefined, which the
 * compiler's own declaration leaves out.
 */
export function toJson(value: unknown, replacer?: (key: string, value: unknown) => unknown): string | undefined {
  return JSON.stringify(value, replacer);
}
