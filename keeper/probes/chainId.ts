import { HexError, parseSafeQuantity } from "../lib/hex.ts";
import { fail, ok } from "./Probe.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** Whether the source serves the chain of the deployment. */
export const chainId: SourceProbe = {
  name: "chain id",
  run: async (context) => {
    const expected = context.facts.chainId;
    try {
      const actual = parseSafeQuantity(await context.ask("eth_chainId"), "chainId");
      if (expected === null || actual === expected) return ok(`${actual}`);
      return fail(`it serves chain ${actual}, expected ${expected}`, "its vote is not counted; correct the URL");
    } catch (error: unknown) {
      if (error instanceof HexError) return fail("the answer is no quantity", "its vote is not counted");
      throw error;
    }
  },
};
