import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { BUILD } from "../build.ts";
import type { KeeperConfig } from "../config/KeeperConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { readOwnPast } from "../loop/OwnPast.ts";
import { openSigners } from "../openSigners.ts";
import { readLatch } from "../readLatch.ts";
import { BackupWriter, exists } from "../store/backup/BackupWriter.ts";
import { isFileName, JOURNAL_PART } from "../store/backup/manifest.ts";
import { readJournal } from "../store/readJournal.ts";
import type { StoreRecord } from "../store/Store.ts";
import type { CommandContext } from "./CommandContext.ts";
import { describeTime } from "./describeTime.ts";
import { EXIT } from "./exitCodes.ts";

/**
 * `lockstep backup <file>`: one file with everything that a keeper's journal has, its signed roots among it, and its snapshots and evidence
 * where they are wanted; beside the running keeper too. Holds no key, no password and no URL of the settings.
 *
 * @throws KeeperError `BackupExists`, `BackupFailed`, and those of `readJournal`
 */
export async function backup(
  flags: Readonly<Record<string, unknown>>,
  context: CommandContext,
  file: string,
): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  const isForced = flags["force"] === true;
  if (!isForced && existsSync(file)) throw exists(file);
  const writer = await BackupWriter.create(file, isForced);
  try {
    const records: StoreRecord[] = [];
    const { end, place } = await readJournal(config, async (rows, page) => {
      for (const record of page) records.push(record);
      await writer.add(JOURNAL_PART, Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join("")));
    });
    const folders = [
      ...(flags["withSnapshots"] === true ? ["snapshots"] : []),
      ...(flags["withEvidence"] === true ? ["evidence"] : []),
    ];
    const files = await addFiles(writer, config, folders);
    const manifest = { build: BUILD, at: context.wallNow(), keys: await keysOf(config), ...described(records) };
    const bytes = await writer.finish({ ...manifest, records: end.count, chain: end.chain });
    const report = { file, place, bytes, files, records: end.count, ...described(records) };
    context.stdout.write(`${config.json ? JSON.stringify(report) : format(report)}\n`);
    return EXIT.clean;
  } finally {
    await writer.abandon();
  }
}

/** What the records say of the keeper. */
function described(records: readonly StoreRecord[]): {
  readonly chainId: number | null;
  readonly genesisHash: string | null;
  readonly newestAt: number | null;
  readonly newestSigned: number | null;
  readonly latch: string | null;
} {
  const chain = records.findLast(({ kind }) => kind === "chain")?.body as
    { readonly chainId?: unknown; readonly genesisHash?: unknown } | undefined;
  return {
    chainId: typeof chain?.chainId === "number" ? chain.chainId : null,
    genesisHash: typeof chain?.genesisHash === "string" ? chain.genesisHash : null,
    newestAt: records.at(-1)?.at ?? null,
    newestSigned: readOwnPast(records).newestSigned ?? null,
    latch: readLatch(records)?.detail ?? null,
  };
}

/** The addresses of the keys, where the settings lead to them. */
async function keysOf(config: KeeperConfig): Promise<Record<string, string>> {
  try {
    const signers = await openSigners(config);
    for (const signer of Object.values(signers)) signer.close();
    return Object.fromEntries(Object.entries(signers).map(([role, { address }]) => [role, address]));
  } catch (error: unknown) {
    // Whoever makes backups need not have the keys.
    if (!KeeperError.is(error)) throw error;
    return {};
  }
}

/** Adds what is in folders of the data directory; what the keeper removes meanwhile is not there. Returns how many files. */
async function addFiles(
  writer: BackupWriter,
  { dataDirectory }: KeeperConfig,
  folders: readonly string[],
): Promise<number> {
  let count = 0;
  for (const folder of folders) {
    const entries = await readdir(join(dataDirectory, folder), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(dataDirectory, path).split(sep).join("/");
      if (!isFileName(name) || /\.(?:unfinished|tmp)$/.test(name)) continue;
      const bytes = await readFile(path).catch(() => null);
      if (bytes === null) continue;
      await writer.add(name, bytes);
      count += 1;
    }
  }
  return count;
}

function format(report: {
  readonly file: string;
  readonly place: string;
  readonly bytes: number;
  readonly files: number;
  readonly records: number;
  readonly newestAt: number | null;
  readonly newestSigned: number | null;
}): string {
  const { file, place, bytes, files, records, newestAt, newestSigned } = report;
  const newest = newestAt === null ? "" : `, the newest of ${describeTime(newestAt)}`;
  return [
    `wrote ${file} (${bytes} bytes): ${records} records of ${place}${newest}, ${files} files`,
    newestSigned === null
      ? "no signature of a block is in it"
      : `the newest signature in it is of block ${newestSigned}`,
    "keep it where nobody else can write: whoever changes it can make a keeper forget what it signed",
  ].join("\n");
}
