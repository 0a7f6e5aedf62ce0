import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROJECT_ROOT } from "../../scripts/local/projectRoot.ts";
import type { Recording, TrafficSize } from "./Recording.ts";

/** What a recorded chain depends on, besides its size. */
const INPUTS = ["contracts", "deploy", "bench/keeper", "scripts/local"];
const SOURCE = /\.(?:sol|ts)$/;

/** Where the recording of this traffic is kept: its name changes with the contracts and with what makes the traffic. */
export async function cachePath(size: TrafficSize): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(size));
  for (const input of INPUTS) {
    const files = await readdir(join(PROJECT_ROOT, input), { recursive: true });
    for (const file of files.filter((name) => SOURCE.test(name)).sort()) {
      hash.update(file).update(await readFile(join(PROJECT_ROOT, input, file)));
    }
  }
  return join(tmpdir(), "lockstep-bench-keeper", `${hash.digest("hex").slice(0, 32)}.json`);
}

/** The recording at a path, or null when there is none. */
export async function readRecording(path: string): Promise<Recording | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return JSON.parse(text, (_, value: unknown) => {
    const big =
      typeof value === "object" && value !== null ? (value as { readonly $bigint?: unknown }).$bigint : undefined;
    return typeof big === "string" ? BigInt(big) : value;
  }) as Recording;
}

/** Keeps a recording; whoever reads it sees all of it or none. */
export async function writeRecording(path: string, recording: Recording): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  const text = JSON.stringify(recording, (_, value: unknown) =>
    typeof value === "bigint" ? { $bigint: String(value) } : value,
  );
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
}
