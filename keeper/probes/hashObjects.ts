import { fail, ok, skip, warn } from "./Probe.ts";
import { proofAt } from "./proofAt.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** Whether a block can be named by its hash (EIP-1898), so that an answer is of that block and no other. */
export const hashObjects: SourceProbe = {
  name: "EIP-1898",
  run: async (context) => {
    const { header } = await context.head();
    if (header.number === 0) return skip("the chain has one block only");
    const proof = await proofAt(context, header, { blockHash: header.hash });
    if (proof.kind === "verified") return ok("blocks are taken by hash");
    if (proof.kind === "false") {
      return fail(`the proof by hash does not verify (${proof.reason})`, "the source lies, or ignores the hash");
    }
    return warn(
      `a block by hash is refused: ${proof.reason}`,
      "the keeper asks for proofs by hash: use another source",
    );
  },
};
