import { sha256, type Bundle } from "../../../../keeper/evidence/bundle/Bundle.ts";
import { readBundleText, writeBundleText } from "../../../../keeper/evidence/bundle/bundleText.ts";
import type { BundleSettings, Manifest } from "../../../../keeper/evidence/bundle/Manifest.ts";
import { incidentId } from "../../../../keeper/domain/incidentId.ts";
import { decisionOf } from "../../../../keeper/evidence/bundle/decisionOf.ts";
import { evidenceHash } from "../../../../keeper/loop/evidenceHash.ts";

/** A bundle taken apart: blobs by their role. */
export interface Parts {
  manifest: Manifest;
  readonly blobs: Map<string, unknown>;
}

/** Takes a bundle apart. */
export function takeApart(text: string): Parts {
  const { manifest, bodies } = readBundleText(text);
  const blobs = manifest.blobs.map(({ role, sha256: name }) => {
    return [role, JSON.parse(bodies.get(name)!) as unknown] as const;
  });
  return { manifest, blobs: new Map(blobs) };
}

/** Puts it together again with every digest made anew, as an attacker does. */
export function putTogether({ manifest, blobs }: Parts): string {
  const entries = [...blobs].map(([role, value]) => {
    const body = JSON.stringify(value);
    return { role, body, sha256: sha256(body), bytes: Buffer.byteLength(body) };
  });
  const bundle: Bundle = {
    manifest: { ...manifest, blobs: entries.map(({ role, sha256: name, bytes }) => ({ role, sha256: name, bytes })) },
    bodies: new Map(entries.map(({ sha256: name, body }) => [name, body])),
  };
  return writeBundleText(bundle);
}

/** What an attacker does to a bundle, digests and all. */
export function forge(text: string, change: (parts: Parts) => void): string {
  const parts = takeApart(text);
  change(parts);
  return putTogether(parts);
}

/** Another claim, with the id and the decision that follow from it. */
export function claim(parts: Parts, change: Partial<Manifest["incident"]>): void {
  const { manifest } = parts;
  const incident = { ...manifest.incident, ...change };
  const [{ blockHash, contract, cause }] = incident.findings as [Manifest["incident"]["findings"][number]];
  const { chainId, addresses, policy } = manifest.settings;
  const id = incidentId({ chainId, guard: addresses.SyncGuard, blockHash, book: addresses[contract], cause });
  const hash = evidenceHash(incident.findings, manifest.settings);
  const actions = decisionOf(incident, policy);
  parts.manifest = { ...manifest, incident: { ...incident, id, evidenceHash: hash }, actions };
}

/** Other settings, with what follows from them. */
export function set(parts: Parts, change: Partial<BundleSettings>): void {
  const { manifest } = parts;
  parts.manifest = { ...manifest, settings: { ...manifest.settings, ...change } };
  claim(parts, {});
}
