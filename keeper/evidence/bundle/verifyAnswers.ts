import { TOPICS } from "../../books/generated/AggregatorV3Interface.ts";
import type { Answer } from "../../books/Prices.ts";
import { createBloomQuery } from "../../chain/verify/bloomQuery.ts";
import type { Header } from "../../chain/verify/header.ts";
import type { Address } from "../../lib/hex.ts";
import { lastAnswer } from "../../loop/lastAnswer.ts";
import type { Bundle } from "./Bundle.ts";
import { BundleProblem } from "./BundleProblem.ts";
import type { ClaimedAnswer } from "./Manifest.ts";
import { verifyLogs, type VerifiedHeaders } from "./verifyChain.ts";

/** An answer before the step, and what is not proved of it; null when all is. */
export interface VerifiedAnswer extends Answer {
  readonly doubt: string | null;
}

/**
 * The answers that the bundle names: proved where the receipts of their block are there, the block is an ancestor of the step,
 * and no header in between can hide a later answer.
 *
 * @throws BundleProblem `invalid` for an answer that its block's receipts do not show
 */
export function verifyAnswers(bundle: Bundle, headers: VerifiedHeaders): ReadonlyMap<Address, VerifiedAnswer> {
  return new Map(
    bundle.manifest.answers.map((claim) => {
      const { aggregator, answer, updatedAt } = claim;
      return [aggregator, { answer, updatedAt, doubt: doubtOf(bundle, headers, claim) }];
    }),
  );
}

function doubtOf(bundle: Bundle, { all, base }: VerifiedHeaders, claim: ClaimedAnswer): string | null {
  const { aggregator, block } = claim;
  if (block === null) return "the bundle does not show where it was logged";
  const at = all.findIndex(({ number }) => number === block);
  const header = all[at];
  if (header === undefined || header.number > base.number) return `block ${block} is not linked to the step`;
  const role = `price-receipts/${block}`;
  const logs = verifyLogs(bundle, role, header);
  if (logs === null) return `the receipts of block ${block} are missing`;
  const found = lastAnswer(logs.filter(({ address }) => address === aggregator))?.[1];
  if (found?.answer !== claim.answer || found.updatedAt !== claim.updatedAt) {
    const detail = `the last answer of ${aggregator} in block ${block} is another than the manifest says`;
    throw new BundleProblem("invalid", "prices", role, detail);
  }
  const later = all.slice(at + 1).find((other) => other.number <= base.number && mayAnswer(bundle, other, aggregator));
  return later === undefined ? null : `a later answer in block ${later.number} cannot be ruled out`;
}

/** Whether a block may hold an answer of an aggregator: by its receipts where they are there, else by its bloom. */
function mayAnswer(bundle: Bundle, header: Header, aggregator: Address): boolean {
  const isPossible = [aggregator, TOPICS.AnswerUpdated].every((value) => createBloomQuery([value])(header.logsBloom));
  if (!isPossible) return false;
  const logs = verifyLogs(bundle, `price-receipts/${header.number}`, header);
  return logs === null || lastAnswer(logs.filter(({ address }) => address === aggregator)) !== null;
}
