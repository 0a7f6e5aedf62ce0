import { createHash, type Hash } from "node:crypto";
import { link, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

import { KeeperError } from "../../errors/KeeperError.ts";
import { FIRST_LINE, type BackupManifest, type BackupPart } from "./manifest.ts";

/**
 * Writes one backup: a first line, pieces, the manifest, and a digest of all of it. The file appears under its name whole and durable,
 * or not at all; only its owner may read it.
 */
export class BackupWriter {
  readonly #path: string;
  readonly #draft: string;
  readonly #isForced: boolean;
  readonly #handle: FileHandle;
  readonly #digest: Hash = createHash("sha256");
  readonly #parts: BackupPart[] = [];
  #bytes = 0;

  private constructor(path: string, isForced: boolean, handle: FileHandle) {
    this.#path = path;
    this.#draft = draftOf(path);
    this.#isForced = isForced;
    this.#handle = handle;
  }

  /** @throws KeeperError `BackupFailed` when the disk refuses */
  static async create(path: string, isForced: boolean): Promise<BackupWriter> {
    try {
      await rm(draftOf(path), { force: true });
      const writer = new BackupWriter(path, isForced, await open(draftOf(path), "wx", 0o600));
      await writer.#write(Buffer.from(`${FIRST_LINE}\n`));
      return writer;
    } catch (error: unknown) {
      throw failed(path, error);
    }
  }

  /** Adds a piece. @throws KeeperError `BackupFailed` */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#write(Buffer.from(`${JSON.stringify({ part: name, bytes: bytes.length })}\n`));
      await this.#write(bytes);
      await this.#write(Buffer.from("\n"));
    } catch (error: unknown) {
      throw failed(this.#path, error);
    }
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.#parts.push({ name, bytes: bytes.length, sha256 });
  }

  /**
   * Ends the file, and gives it its name. Returns its length.
   *
   * @throws KeeperError `BackupExists` when there is another file of that name by now and none may be replaced; `BackupFailed`
   */
  async finish(manifest: Omit<BackupManifest, "parts">): Promise<number> {
    try {
      await this.#write(Buffer.from(`${JSON.stringify({ manifest: { ...manifest, parts: this.#parts } })}\n`));
      const sha256 = this.#digest.copy().digest("hex");
      await this.#write(Buffer.from(`${JSON.stringify({ sha256 })}\n`));
      await this.#handle.sync();
      await this.#handle.close();
      await this.#name();
    } catch (error: unknown) {
      throw failed(this.#path, error);
    }
    return this.#bytes;
  }

  /** Removes what was begun. Idempotent. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#draft, { force: true });
  }

  /** A second name is refused where it is taken; a rename would replace what is there. */
  async #name(): Promise<void> {
    if (this.#isForced) await rename(this.#draft, this.#path);
    else {
      await link(this.#draft, this.#path);
      await rm(this.#draft);
    }
    const folder = await open(dirname(this.#path), "r");
    await folder.sync();
    await folder.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#digest.update(bytes);
    this.#bytes += bytes.length;
    await this.#handle.writeFile(bytes);
  }
}

/** The refusal to replace a backup. */
export function exists(path: string): KeeperError {
  return new KeeperError("BackupExists", `${path} exists: give another name, or --force to replace it`, { path });
}

function draftOf(path: string): string {
  return `${path}.unfinished`;
}

function failed(path: string, error: unknown): KeeperError {
  if (KeeperError.is(error)) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (code === "EEXIST") return exists(path);
  const message = `${path} cannot be written (${code}): look at its folder, at the room on its disk and at your rights`;
  return new KeeperError("BackupFailed", message, { path, code }, { cause: error });
}
