import type { Logger } from "../../keeper/telemetry/log.ts";

const ignore = (): void => undefined;

/** A log that says nothing. */
export const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => SILENT };
