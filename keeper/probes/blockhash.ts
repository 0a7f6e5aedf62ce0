import { KeeperError } from "../errors/KeeperError.ts";
import type { Hash } from "../lib/hex.ts";
import { fail, ok, skip } from "./Probe.ts";
import { reasonOf, type SourceContext, type SourceProbe } from "./SourceContext.ts";

/** Init code that returns NUMBER and BLOCKHASH(NUMBER - 1), a word each. */
const CODE = "0x43600052600143034060205260406000f3";
const TWO_WORDS = /^0x[0-9a-f]{128}$/i;
const ADVICE = "the guard could not tell the block that a pause judges: pauses would be refused (as on Arbitrum)";

/** Whether the EVM's `blockhash` and block number are those of the headers: a pause is bound to its block by them. */
export const blockhash: SourceProbe = {
  name: "blockhash",
  run: async (context) => {
    const { header } = await context.head();
    if (header.number === 0) return skip("the chain has one block only");
    const answer = await context.try("eth_call", { data: CODE }, `0x${header.number.toString(16)}`);
    if (!answer.ok)
      return fail(`eth_call of init code is refused: ${reasonOf(answer.error)}`, "cannot be checked here");
    if (typeof answer.result !== "string" || !TWO_WORDS.test(answer.result)) {
      return fail("eth_call of init code returns something else", "cannot be checked here");
    }
    const number = BigInt(answer.result.slice(0, 66));
    const hash: string = `0x${answer.result.slice(66).toLowerCase()}`;
    // Some nodes run a call in the block it names, others in the one after it.
    if (number !== BigInt(header.number) && number !== BigInt(header.number) + 1n) {
      return fail(`the EVM is at block ${number}, the header at ${header.number}`, ADVICE);
    }
    const expected = number === BigInt(header.number) ? header.parentHash : header.hash;
    if (hash === expected) return ok(`of block ${number - 1n} equals the header's`);
    return (await hasReorged(context, header.number, header.hash))
      ? skip("the chain was reorganised meanwhile")
      : fail(`of block ${number - 1n} is not the header's`, ADVICE);
  },
};

async function hasReorged(context: SourceContext, number: number, hash: Hash): Promise<boolean> {
  const block = await context.block(number);
  if (block === null) throw new KeeperError("BlockMissing", `the source lost block ${number}`);
  return block.header.hash !== hash;
}
