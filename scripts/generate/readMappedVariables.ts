import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** `MAPPED_VARIABLES` of a contract's reducer under `root`; null when there is no such file or export. */
export async function readMappedVariables(root: string, contract: string): Promise<readonly string[] | null> {
  const path = join(root, "keeper", "books", "reducers", `${contract}.ts`);
  if (!existsSync(path)) return null;
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const mapped = module["MAPPED_VARIABLES"];
  return Array.isArray(mapped) && mapped.every((label) => typeof label === "string") ? mapped : null;
}
