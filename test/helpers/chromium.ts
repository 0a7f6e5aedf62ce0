import { existsSync } from "node:fs";

import { chromium, type Browser } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is; null where there is none. `CHROMIUM` names another one. */
export function chromiumPath(): string | null {
  return process.env["CHROMIUM"] ?? PATHS.find((path) => existsSync(path)) ?? null;
}

/** Starts it without a window. In CI it has to be there; elsewhere the test that asks is skipped, and says why. */
export async function startChromium(test: Mocha.Context): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath !== null) {
    // The sandbox needs rights that a container or root has not; only the keeper's own page is opened.
    return chromium.launch({ executablePath, args: ["--no-sandbox", "--force-color-profile=srgb"] });
  }
  if (process.env["CI"] !== undefined) throw new Error("no Chromium: apt-get install chromium");
  console.log("      skipped: no Chromium here (apt-get install chromium, or CHROMIUM=/path/to/it)");
  test.skip();
}
