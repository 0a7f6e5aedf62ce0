import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const SPECIFIER = /^(?:import|export)\b[^;]*?\bfrom "(\.[^"]+)";/gm;

/** Reads which files below `folder` import which; answers a file's own path and those of all that need it, of any depth. */
export function readImporters(folder: string): (path: string) => ReadonlySet<string> {
  const importers = new Map<string, string[]>();
  for (const file of globSync("**/*.ts", { cwd: folder })) {
    const path = join(folder, file);
    for (const [, specifier = ""] of readFileSync(path, "utf8").matchAll(SPECIFIER)) {
      const imported = join(dirname(path), specifier);
      importers.set(imported, [...(importers.get(imported) ?? []), path]);
    }
  }
  return (path) => {
    const found = new Set([path]);
    for (const next of found) for (const importer of importers.get(next) ?? []) found.add(importer);
    return found;
  };
}
