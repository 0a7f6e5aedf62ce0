import { expect } from "chai";

import { VerificationError, type VerificationErrorCode } from "../../../../keeper/chain/verify/VerificationError.ts";

/** The action throws a VerificationError, with one of the codes if any are given, and nothing else. */
export function expectRefusal(action: () => unknown, codes: readonly VerificationErrorCode[] = [], what = ""): void {
  let result: unknown;
  try {
    result = action();
  } catch (error: unknown) {
    expect(error, what).to.be.instanceOf(VerificationError);
    if (codes.length > 0) expect((error as VerificationError).code, what).to.be.oneOf([...codes]);
    return;
  }
  expect.fail(`${what} was accepted: ${String(result)}`);
}
