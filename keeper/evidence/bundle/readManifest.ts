import { BOOK_NAMES, type BookAddresses, type BookName, type Immutables } from "../../domain/bookSet.ts";
import type { Finding, LocatedSlot } from "../../domain/Finding.ts";
import type { Hash } from "../../lib/hex.ts";
import { BundleProblem } from "./BundleProblem.ts";
import { BUNDLE_FORMAT, type BundleSettings, type Manifest } from "./Manifest.ts";

/** What each immutable is. */
const IMMUTABLES: Readonly<Record<keyof Immutables, "address" | "bigint">> = {
  ...{ chainId: "bigint", settlementAsset: "address", settlementScale: "bigint", staleLimit: "bigint" },
  ...{ softTime: "bigint", viewTime: "bigint", coolDown: "bigint", grace: "bigint", windDownTime: "bigint" },
  ...{ claimPeriod: "bigint", bond: "bigint", minKeepers: "bigint", joinDelay: "bigint", unbonding: "bigint" },
  ...{ challengerPpm: "bigint", sequencerFeed: "address", sequencerGrace: "bigint" },
};
const FINDING_CAUSES = [
  "unexplained-write",
  "miscomputed",
  "illegal",
  "unreadable",
  "code-changed",
  "custody-short",
] as const;
const LEVELS = ["incomplete", "root-only", "located"] as const;
const MAX_LIST = 100_000;
const WORD = 1n << 256n;

type Fields = Readonly<Record<string, unknown>>;

function refuse(where: string, detail: string): BundleProblem {
  return new BundleProblem("invalid", "manifest", "manifest", `${where} ${detail}`);
}

function fieldsOf(value: unknown, where: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(where, "is no object");
  return value as Fields;
}

function textOf(value: unknown, where: string, pattern = /^/): string {
  if (typeof value !== "string" || !pattern.test(value)) throw refuse(where, "is not what it has to be");
  return value;
}

function hexOf(value: unknown, where: string, bytes: number): Hash {
  return textOf(value, where, new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`)) as Hash;
}

function countOf(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw refuse(where, "is no count");
  return value as number;
}

function bigintOf(value: unknown, where: string): bigint {
  if (typeof value !== "bigint" || value >= WORD || value <= -WORD) throw refuse(where, "is no integer of 256 bits");
  return value;
}

function oneOf<Text extends string>(value: unknown, where: string, texts: readonly Text[]): Text {
  const found = texts.find((text) => text === value);
  if (found === undefined) throw refuse(where, `is none of ${texts.join(", ")}`);
  return found;
}

function listOf<Item>(value: unknown, where: string, read: (item: unknown, where: string) => Item): Item[] {
  if (!Array.isArray(value) || value.length > MAX_LIST) throw refuse(where, "is no list");
  return value.map((item: unknown, index) => read(item, `${where}[${index}]`));
}

function nullOr<Item>(value: unknown, read: (value: unknown) => Item): Item | null {
  return value === null ? null : read(value);
}

/** The book contracts among all that are named: every one is an address, as who looks for logs takes them all. */
function addressesOf(value: unknown): BookAddresses {
  const fields = fieldsOf(value, "settings.addresses");
  const read = (name: string): Hash => hexOf(fields[name], `settings.addresses.${name}`, 20);
  const books = BOOK_NAMES.map(read);
  if (new Set(books).size < books.length) throw refuse("settings.addresses", "are not distinct");
  return Object.fromEntries(Object.keys(fields).map((name) => [name, read(name)])) as Record<BookName, Hash>;
}

function immutablesOf(value: unknown): Immutables {
  const fields = fieldsOf(value, "settings.immutables");
  const read = ([name, kind]: [string, "address" | "bigint"]): [string, Hash | bigint] => {
    const where = `settings.immutables.${name}`;
    return [name, kind === "address" ? hexOf(fields[name], where, 20) : bigintOf(fields[name], where)];
  };
  return { ...fields, ...Object.fromEntries(Object.entries(IMMUTABLES).map(read)) } as unknown as Immutables;
}

function findingOf(value: unknown, where: string): Finding {
  const fields = fieldsOf(value, where);
  return {
    cause: oneOf(fields["cause"], `${where}.cause`, FINDING_CAUSES),
    contract: oneOf(fields["contract"], `${where}.contract`, BOOK_NAMES),
    blockNumber: countOf(fields["blockNumber"], `${where}.blockNumber`),
    blockHash: hexOf(fields["blockHash"], `${where}.blockHash`, 32),
    detail: textOf(fields["detail"], `${where}.detail`),
    logIndex: nullOr(fields["logIndex"], (index) => countOf(index, `${where}.logIndex`)),
    ...(fields["isFailure"] === true ? { isFailure: true as const } : {}),
  };
}

/**
 * Findings in the form in which they are looked at.
 *
 * @throws BundleProblem `invalid` naming the member
 */
export function readFindings(value: unknown, where: string): Finding[] {
  return listOf(value, where, findingOf);
}

function locatedOf(value: unknown, where: string): LocatedSlot {
  const fields = fieldsOf(value, where);
  const text = (name: string): string => textOf(fields[name], `${where}.${name}`);
  return {
    contract: oneOf(fields["contract"], `${where}.contract`, BOOK_NAMES),
    variable: text("variable"),
    account: nullOr(fields["account"], (account) => textOf(account, `${where}.account`, /^0x[0-9a-f]*$/) as Hash),
    slot: nullOr(fields["slot"], (slot) => hexOf(slot, `${where}.slot`, 32)),
    hashedSlot: hexOf(fields["hashedSlot"], `${where}.hashedSlot`, 32),
    cause: text("cause") as LocatedSlot["cause"],
    before: text("before"),
    after: text("after"),
  };
}

function blockOf(value: unknown, where: string): Manifest["blocks"][number] {
  const { number, hash } = fieldsOf(value, where);
  return { number: countOf(number, `${where}.number`), hash: hexOf(hash, `${where}.hash`, 32) };
}

function incidentOf(value: unknown): Manifest["incident"] {
  const { id, kind, findings, evidenceHash, detail } = fieldsOf(value, "incident");
  return {
    id: hexOf(id, "incident.id", 32),
    kind: oneOf(kind, "incident.kind", ["Diverged", "OwnFault"]),
    findings: readFindings(findings, "incident.findings"),
    evidenceHash: hexOf(evidenceHash, "incident.evidenceHash", 32),
    detail: nullOr(detail, (text) => textOf(text, "incident.detail")),
  };
}

/** What is looked at is read; what else there is counts for the hash alone. */
function settingsOf(value: unknown): BundleSettings {
  const fields = fieldsOf(value, "settings");
  return {
    ...fields,
    chainId: countOf(fields["chainId"], "settings.chainId"),
    addresses: addressesOf(fields["addresses"]),
    immutables: immutablesOf(fields["immutables"]),
    policy: fieldsOf(fields["policy"], "settings.policy") as unknown as BundleSettings["policy"],
    pauser: nullOr(fields["pauser"], (pauser) => hexOf(pauser, "settings.pauser", 20)),
  };
}

function blobsOf(value: unknown): Manifest["blobs"] {
  const blobs = listOf(value, "blobs", (item, where) => {
    const { role, sha256, bytes } = fieldsOf(item, where);
    return {
      role: textOf(role, `${where}.role`),
      sha256: textOf(sha256, `${where}.sha256`, /^[0-9a-f]{64}$/),
      bytes: countOf(bytes, `${where}.bytes`),
    };
  });
  if (new Set(blobs.map(({ role }) => role)).size < blobs.length) throw refuse("blobs", "name one role twice");
  return blobs;
}

/**
 * Reads a manifest strictly: what it says may be wrong, but it says it in the form in which it is looked at.
 *
 * @throws BundleProblem `invalid` naming the member
 */
export function readManifest(value: unknown): Manifest {
  const fields = fieldsOf(value, "the manifest");
  if (fields["format"] !== BUNDLE_FORMAT) throw refuse("format", `is not ${BUNDLE_FORMAT}, which this version reads`);
  const manifest: Manifest = {
    format: BUNDLE_FORMAT,
    software: textOf(fields["software"], "software"),
    settings: settingsOf(fields["settings"]),
    incident: incidentOf(fields["incident"]),
    actions: listOf(fields["actions"], "actions", fieldsOf) as unknown as Manifest["actions"],
    level: oneOf(fields["level"], "level", LEVELS),
    lack: nullOr(fields["lack"], (text) => textOf(text, "lack")),
    base: nullOr(fields["base"], (block) => blockOf(block, "base")),
    blocks: listOf(fields["blocks"], "blocks", blockOf),
    answers: listOf(fields["answers"], "answers", (item, where) => {
      const { aggregator, answer, updatedAt, block } = fieldsOf(item, where);
      return {
        aggregator: hexOf(aggregator, `${where}.aggregator`, 20),
        answer: bigintOf(answer, `${where}.answer`),
        updatedAt: bigintOf(updatedAt, `${where}.updatedAt`),
        block: nullOr(block, (number) => countOf(number, `${where}.block`)),
      };
    }),
    located: listOf(fields["located"], "located", locatedOf),
    note: textOf(fields["note"], "note"),
    omitted: listOf(fields["omitted"], "omitted", (item, where) => {
      const { role, why } = fieldsOf(item, where);
      return { role: textOf(role, `${where}.role`), why: textOf(why, `${where}.why`) };
    }),
    blobs: blobsOf(fields["blobs"]),
  };
  if (manifest.incident.findings.length === 0) throw refuse("incident.findings", "are none");
  if (manifest.blocks.length === 0) throw refuse("blocks", "are none");
  return manifest;
}
