import { AssertionError } from "../../lib/assert.ts";

/**
 * A value that its storage field, mapping key or array index cannot hold.
 *
 * This is a bug in the caller, never a fault of a source: the EVM could not have stored the value either. Let it crash.
 */
export class LayoutRangeError extends AssertionError {
  /** The field, as the generated code names it: `accounts.quote`. */
  readonly field: string;
  /** The value refused, as text. */
  readonly value: string;

  constructor(field: string, value: unknown, expected: string) {
    super(`${field}: ${String(value)} is not ${expected}`);
    this.field = field;
    this.value = String(value);
  }
}
