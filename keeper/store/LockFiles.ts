import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";

/** The file operations that a directory lock needs; each is atomic. */
export interface LockFiles {
  /** Makes a directory, parents included, if it is missing. */
  makeDirectory(path: string): Promise<void>;
  /** Writes a file that does not exist yet. */
  create(path: string, text: string): Promise<void>;
  /** The text of a file, or undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  /** Gives a file a second name. False when that name is taken. */
  tryLink(from: string, to: string): Promise<boolean>;
  /** Renames a file over another one. */
  replace(from: string, to: string): Promise<void>;
  /** Removes a file, if it is there. */
  remove(path: string): Promise<void>;
}

/** The operations of the file system. */
export const LOCK_FILES: LockFiles = {
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  create: (path, text) => writeFile(path, text, { flag: "wx", mode: 0o600 }),
  read: (path) => unless("ENOENT", undefined, () => readFile(path, "utf8")),
  tryLink: (from, to) => unless("EEXIST", false, () => link(from, to).then(() => true)),
  replace: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
};

async function unless<T, U>(code: string, instead: U, action: () => Promise<T>): Promise<T | U> {
  try {
    return await action();
  } catch (error: unknown) {
    if (error instanceof Error && "code" in error && error.code === code) return instead;
    throw error;
  }
}
