import { writeFileSync } from "node:fs";

import { generateSample, SAMPLE_MODULES } from "../../test/fixtures/layout/sampleModules.ts";

/** `node scripts/generate/writeSamples.ts`: renews the generated modules of the tests' own contracts. */
for (const sample of SAMPLE_MODULES) {
  writeFileSync(sample.path, await generateSample(sample));
  console.log(`written: ${sample.path}`);
}
