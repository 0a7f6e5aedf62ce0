import { join } from "node:path";

import { KeeperError } from "../errors/KeeperError.ts";

/** Longest path of a socket: `sun_path` has 108 bytes on Linux, 104 elsewhere, the final zero included. */
const MAX_BYTES = 103;

/**
 * Where the keeper of a data directory listens for its operator.
 *
 * @throws KeeperError `ControlPathTooLong` when the operating system could not hold the path
 */
export function controlPath(dataDirectory: string): string {
  const path = join(dataDirectory, "control.sock");
  if (Buffer.byteLength(path) <= MAX_BYTES) return path;
  const message = `${path} is too long for a socket (${MAX_BYTES} bytes at most): choose a shorter --data-directory`;
  throw new KeeperError("ControlPathTooLong", message, { path });
}
