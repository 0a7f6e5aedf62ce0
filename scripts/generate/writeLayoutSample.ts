import { writeFileSync } from "node:fs";

import { LAYOUT_SAMPLE_PATH, layoutSampleModule } from "../../test/fixtures/layout/layoutSampleModule.ts";

/** `node scripts/generate/writeLayoutSample.ts`: renews the generated module that the generator's own tests import. */
writeFileSync(LAYOUT_SAMPLE_PATH, await layoutSampleModule());
console.log(`written: ${LAYOUT_SAMPLE_PATH}`);
