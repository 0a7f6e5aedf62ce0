import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { BUNDLE_FILE } from "../BundleRoom.ts";
import type { KeeperConfig } from "../config/KeeperConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { readAllRecords } from "../store/readJournal.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";
import { paintFor } from "./formatBlock.ts";
import { formatIncident, formatIncidents } from "./formatIncidents.ts";
import { findIncident, readIncidents, type IncidentHistory } from "./readIncidents.ts";

type Flags = Readonly<Record<string, unknown>>;

/** Where the evidence of an incident lies. */
export interface EvidencePlace {
  /** Folder of everything that was kept; null where there is none. */
  readonly folder: string | null;
  /** What a third party can verify; null where there is none. */
  readonly bundle: string | null;
}

/** `lockstep incidents list`: what a keeper's journal has of its incidents, newest first; beside the running keeper too. */
export async function listIncidents(flags: Flags, context: CommandContext): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  const all = readIncidents(await readAllRecords(config)).reverse();
  const incidents = flags["open"] === true ? all.filter(({ isOpen }) => isOpen) : all;
  const paint = paintFor(context.isColoured);
  const text = config.json
    ? JSON.stringify({
        incidents: incidents.map((incident) => ({ ...incident, evidence: evidenceOf(config, incident) })),
      })
    : formatIncidents(incidents, paint);
  context.stdout.write(`${text}\n`);
  return EXIT.clean;
}

/**
 * `lockstep incidents show <id>`: everything of one incident, and where its evidence lies.
 *
 * @throws KeeperError `IncidentUnknown`, `IncidentAmbiguous`
 */
export async function showIncident(flags: Flags, context: CommandContext, given: string): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  const incident = findIncident(readIncidents(await readAllRecords(config)), given);
  const evidence = evidenceOf(config, incident);
  const text = config.json
    ? JSON.stringify({ ...incident, evidence })
    : formatIncident(incident, evidence, paintFor(context.isColoured));
  context.stdout.write(`${text}\n`);
  return EXIT.clean;
}

function evidenceOf({ dataDirectory }: KeeperConfig, { id }: IncidentHistory): EvidencePlace {
  const folder = resolve(join(dataDirectory, "evidence", id));
  const bundle = join(folder, BUNDLE_FILE);
  return { folder: existsSync(folder) ? folder : null, bundle: existsSync(bundle) ? bundle : null };
}
