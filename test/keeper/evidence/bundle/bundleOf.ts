import type { Bundle } from "../../../../keeper/evidence/bundle/Bundle.ts";
import { buildBundle, type BundleQuestion } from "../../../../keeper/evidence/bundle/buildBundle.ts";
import { writeBundleText } from "../../../../keeper/evidence/bundle/bundleText.ts";
import type { InProcessKeeper } from "../../../../testing/InProcessKeeper.ts";

/** Runs the making of a bundle to its end in one go. */
export function finish(pieces: Generator<undefined, Bundle>): Bundle {
  for (let piece = pieces.next(); ; piece = pieces.next()) if (piece.done === true) return piece.value;
}

/** The bundle of the newest step that a driver's keeper handed over, with what it located. */
export function bundleOf(driver: InProcessKeeper, rest: Partial<BundleQuestion> = {}): Bundle {
  const transition = driver.all("evidence").at(-1)?.transition;
  if (transition === undefined) throw new Error("the keeper handed no evidence over");
  const located = driver.all("located").at(-1) ?? null;
  return finish(buildBundle({ transition, located, software: "test", exchanges: [], ...rest }));
}

/** The same as a file's text. */
export function textOf(driver: InProcessKeeper, rest: Partial<BundleQuestion> = {}): string {
  return writeBundleText(bundleOf(driver, rest));
}

/** Lets time pass until the evidence is handed over and, where slots are searched, the search has ended. */
export async function settle(driver: InProcessKeeper, isLocated = true): Promise<void> {
  for (let tick = 0; tick < 50; tick += 1) {
    await driver.tick(1_000);
    const isHandedOver = driver.all("evidence").length > 0;
    if (isHandedOver && (!isLocated || driver.all("located").at(-1)?.isFinal === true)) return;
  }
  throw new Error("the keeper hands no evidence over, or does not end its search");
}
