import { statSync } from "node:fs";

/** A file with a secret in it, and the setting that names it. */
export interface SecretFile {
  readonly name: string;
  readonly path: string;
}

/** Permissions of the group and of everybody else. */
const OTHERS = 0o077;

/**
 * One warning for each file with a secret that others than its owner may open. What cannot be looked at is not warned of:
 * who reads it says what is wrong. Nothing is said on Windows, where these bits mean nothing.
 */
export function warnOfOpenFiles(files: readonly SecretFile[]): string[] {
  if (process.platform === "win32") return [];
  return files.flatMap(({ name, path }) => {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & OTHERS) === 0) return [];
    return [`${name}: others may open ${path} (mode ${(mode & 0o777).toString(8)}): \`chmod 600\` it`];
  });
}
