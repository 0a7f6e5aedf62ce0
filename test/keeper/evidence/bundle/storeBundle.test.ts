import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Bundle } from "../../../../keeper/evidence/bundle/Bundle.ts";
import { readBundleText, writeBundleText } from "../../../../keeper/evidence/bundle/bundleText.ts";
import { storeBundle } from "../../../../keeper/evidence/bundle/storeBundle.ts";
import { bundleOf, settle } from "./bundleOf.ts";
import { STAGES } from "./stages.ts";

describe("storeBundle", function () {
  this.timeout(120_000);
  let folder: string;
  let rootOnly: Bundle;
  let located: Bundle;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "lockstep-bundle-"));
    const { world, driver } = await STAGES[0]!.run();
    await settle(driver);
    await world.close();
    // What is not ASCII must not change a digest.
    located = bundleOf(driver, { software: "prüf" });
    rootOnly = bundleOf(driver, { located: null, software: "prüf" });
  });

  after(() => rm(folder, { recursive: true, force: true }));

  const levelIn = async (file: string): Promise<string> => {
    return readBundleText(await readFile(file, "utf8")).manifest.level;
  };

  it("replaces what shows less, and never what shows more", async () => {
    const file = join(folder, "new", "bundle.lockstep");
    expect(await storeBundle(file, rootOnly)).to.include({ isWritten: true });
    expect(await levelIn(file)).to.equal("root-only");
    expect(await storeBundle(file, located)).to.include({ isWritten: true });
    expect(await levelIn(file)).to.equal("located");
    expect(await storeBundle(file, rootOnly)).to.include({ isWritten: false, bytes: 0 });
    expect(await levelIn(file)).to.equal("located");
  });

  it("replaces what shows as much: the settings may be others", async () => {
    const file = join(folder, "bundle.lockstep");
    await storeBundle(file, { ...rootOnly, manifest: { ...rootOnly.manifest, software: "earlier" } });
    expect(await storeBundle(file, rootOnly)).to.include({ isWritten: true });
    expect(readBundleText(await readFile(file, "utf8")).manifest.software).to.equal("prüf");
  });

  it("replaces what says that it shows more and is damaged, wherever it is", async () => {
    const file = join(folder, "damaged.lockstep");
    const text = writeBundleText(located);
    for (const damaged of [text.slice(0, -9), text.slice(1), `${text}x`, "", text.replace(/.$/m, "x")]) {
      await writeFile(file, damaged);
      expect(await storeBundle(file, rootOnly)).to.include({ isWritten: true });
      expect(await levelIn(file)).to.equal("root-only");
    }
  });
});
