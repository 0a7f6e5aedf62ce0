import { verifyHeader } from "../chain/verify/header.ts";
import { VerificationError } from "../chain/verify/VerificationError.ts";
import type { PinnedBlock } from "../domain/chainProfile.ts";
import { fail, ok, skip, type ProbeOutcome } from "./Probe.ts";
import type { SourceContext, SourceProbe } from "./SourceContext.ts";

/** Whether block 0 is the known one. */
export const genesis: SourceProbe = {
  name: "genesis",
  run: async (context) => {
    const { genesisHash } = context.facts.chain;
    if (genesisHash === null) return skip("no genesis hash is known for this chain (--genesis-hash sets one)");
    return check(context, { number: 0, hash: genesisHash });
  },
};

/** Whether the pinned block is there under its hash. */
export const pinnedBlock: SourceProbe = {
  name: "pinned block",
  run: async (context) => {
    const { pin } = context.facts.chain;
    return pin === null ? skip("no block is pinned (--pinned-block sets one)") : check(context, pin);
  },
};

async function check(context: SourceContext, { number, hash }: PinnedBlock): Promise<ProbeOutcome> {
  const block = await context.ask("eth_getBlockByNumber", `0x${number.toString(16)}`, false);
  const advice = "it serves another chain, or has not synchronised so far: its vote is not counted";
  if (block === null) return fail(`it does not have block ${number}`, advice);
  try {
    const { number: actual } = verifyHeader(block, hash);
    if (actual === number) return ok(`block ${number} is ${hash.slice(0, 10)}…`);
    return fail(`the block served as ${number} has the number ${actual}`, advice);
  } catch (error: unknown) {
    if (!(error instanceof VerificationError)) throw error;
    return fail(`block ${number} is not ${hash.slice(0, 10)}… (${error.code})`, advice);
  }
}
