import { fail, ok, skip, warn } from "./Probe.ts";
import { proofAt } from "./proofAt.ts";
import type { SourceContext, SourceProbe } from "./SourceContext.ts";

const DEPTHS = [0, 1, 8, 64, 128, 256, 1_024, 8_192];

/** How far below the head account proofs are served. */
export const proofWindow: SourceProbe = {
  name: "proof window",
  run: async (context) => {
    const head = (await context.head()).header.number;
    if (head === 0) return skip("the chain has one block only");
    const depths = DEPTHS.filter((depth) => depth < head);
    // The window has one end: what is served at a depth is served above it.
    let [proven, refused] = [-1, depths.length];
    while (refused - proven > 1) {
      const middle = (proven + refused) >> 1;
      if (await provesAt(context, head - (depths[middle] ?? 0))) proven = middle;
      else refused = middle;
    }
    const depth = depths[proven];
    if (depth === undefined) return fail("no proof at the head", "it proves nothing: another source has to");
    const { proofDepth } = context.facts;
    const isWhole = proven === depths.length - 1;
    if (isWhole) return ok(`${depth} blocks at least${depth < proofDepth ? `, in a chain of ${head}` : ""}`);
    const detail = `${depth} blocks (refused at ${depths[refused]})`;
    if (depth >= proofDepth) return ok(detail);
    return warn(
      detail,
      `the keeper wants ${proofDepth}: after a gap or a reorg deeper than the window, blocks stay unproven`,
    );
  },
};

async function provesAt(context: SourceContext, number: number): Promise<boolean> {
  const block = await context.block(number);
  if (block === null) return false;
  return (await proofAt(context, block.header, `0x${number.toString(16)}`)).kind === "verified";
}
