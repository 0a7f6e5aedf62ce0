import { KeeperError } from "../../errors/KeeperError.ts";
import { AssertionError } from "../../lib/assert.ts";
import { describeError } from "../../lib/describeError.ts";
import { quoteForeign } from "../../lib/quoteForeign.ts";

/** Longest piece of a library's own words. */
const MAX_QUOTED = 300;

/** Who is told what became of a signature. */
export interface SignatureListener<T> {
  readonly onSigned: (signed: T) => void;
  /** The signer could not sign; the keeper goes on. */
  readonly onFailed: (fault: KeeperError) => void;
  /** A bug: the keeper must not go on. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * Asks a signer, and tells what became of it: of one in this process before this returns, without a tick in between, of a
 * remote one when it has answered. What a listener throws is not taken for the signer's failure.
 */
export function settleSignature<T>(sign: () => T | Promise<T>, listener: SignatureListener<T>): void {
  const { onSigned, onFailed, onFatal } = listener;
  const fail = (error: unknown): void => {
    if (error instanceof AssertionError) onFatal(error);
    else onFailed(toFault(error));
  };
  let answer: T | Promise<T>;
  try {
    answer = sign();
  } catch (error: unknown) {
    fail(error);
    return;
  }
  if (answer instanceof Promise) answer.then(onSigned, fail).catch(onFatal);
  else onSigned(answer);
}

function toFault(error: unknown): KeeperError {
  if (KeeperError.is(error)) return error;
  const reason = quoteForeign(describeError(error), MAX_QUOTED);
  return new KeeperError("SignerFault", `the signer failed: ${reason}`, { reason }, { cause: error });
}
