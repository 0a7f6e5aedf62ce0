import { parseArgs } from "node:util";

import { growthPerBlock } from "./checkVitals.ts";
import { soakCore } from "./soakCore.ts";

/**
 * The memory of the core alone over more blocks than it keeps: `node scripts/soak/core.ts [--blocks 25000]`. A line every
 * thousand blocks; the growth over the second half at the end. Ends with 1 when a block was not judged.
 */
const { values } = parseArgs({ options: { blocks: { type: "string", default: "25000" } } });
const blocks = Number(values.blocks);
if (!Number.isSafeInteger(blocks) || blocks < 1_000)
  throw new Error(`--blocks ${values.blocks}: expected 1000 or more`);

const SAMPLE_BLOCKS = 1_000;

const { inSync, samples } = await soakCore({
  blocks,
  sampleBlocks: SAMPLE_BLOCKS,
  onSample: ({ block, heap, external }) => {
    process.stdout.write(
      `${String(block).padStart(8)} blocks ${((heap + external) / 1e6).toFixed(2).padStart(8)} MB\n`,
    );
  },
});
process.stdout.write(`${inSync} in sync, ${Math.round(growthPerBlock(samples))} bytes a block over the second half\n`);
process.exitCode = inSync === blocks ? 0 : 1;
