import { fail, ok, skip } from "./Probe.ts";
import { proofAt } from "./proofAt.ts";
import type { SourceProbe } from "./SourceContext.ts";

const ATTEMPTS = 2;

/** Whether `eth_getProof` at the head verifies as a Merkle-Patricia proof (EIP-1186). */
export const accountProof: SourceProbe = {
  name: "account proof",
  run: async (context) => {
    for (let attempt = 1; ; attempt += 1) {
      const { header } = await context.head();
      // Some development nodes have no true state root in block 0, and the keeper asks for no proof of it.
      if (header.number === 0) return skip("the chain has one block only");
      const proof = await proofAt(context, header, `0x${header.number.toString(16)}`);
      if (proof.kind === "verified") {
        return ok(`of ${proof.exists ? "inclusion" : "exclusion"} at block ${header.number} verifies`);
      }
      if (proof.kind === "refused") {
        return fail(`eth_getProof is refused: ${proof.reason}`, "it proves nothing: another source has to");
      }
      // A reorg may have come between the two calls, once.
      if (attempt < ATTEMPTS) continue;
      const { number } = header;
      return fail(
        `the proof at block ${number} does not verify (${proof.reason})`,
        "the source lies, or its state is no Merkle-Patricia trie (a zk chain): it proves nothing",
      );
    }
  },
};
