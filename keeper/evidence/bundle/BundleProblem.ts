import { KeeperError } from "../../errors/KeeperError.ts";

/**
 * Why a bundle is not confirmed.
 *
 * - `invalid`: it is not what it says it is: altered, cut short, put together from what does not belong together.
 * - `incomplete`: something is missing without which nothing can be shown.
 * - `refuted`: it is whole, and shows something else than it says.
 */
export type BundleProblemKind = "invalid" | "incomplete" | "refuted";

/** Ends a verification. Payload: which check, at which blob. */
export class BundleProblem extends KeeperError {
  readonly kind: BundleProblemKind;
  readonly check: string;
  readonly blob: string;

  constructor(kind: BundleProblemKind, check: string, blob: string, detail: string, options: { cause?: unknown } = {}) {
    super(`Bundle${kind[0]?.toUpperCase()}${kind.slice(1)}`, detail, { check, blob }, options);
    this.name = "BundleProblem";
    this.kind = kind;
    this.check = check;
    this.blob = blob;
  }
}
