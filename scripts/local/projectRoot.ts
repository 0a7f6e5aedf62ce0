import { fileURLToPath } from "node:url";

/** Absolute path of the repository, wherever the process was started. */
export const PROJECT_ROOT = fileURLToPath(new URL("../..", import.meta.url));
