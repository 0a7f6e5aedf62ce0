import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, type SQLInputValue, type StatementResultingChanges } from "node:sqlite";

import { KeySigner } from "../../keeper/actions/signers/KeySigner.ts";
import { DuplexSource } from "../../keeper/chain/sources/DuplexSource.ts";
import { ExchangeRing } from "../../keeper/evidence/ExchangeRing.ts";
import { Keeper } from "../../keeper/loop/Keeper.ts";
import { Pauses } from "../../keeper/loop/Pauses.ts";
import type { Effect, Input } from "../../keeper/loop/ports.ts";
import { Performer } from "../../keeper/Performer.ts";
import { SqlStore } from "../../keeper/store/SqlStore.ts";
import { StoreRoom } from "../../keeper/StoreRoom.ts";
import { BUNDLE_FILE } from "../../keeper/BundleRoom.ts";
import { SnapshotStore } from "../../keeper/store/snapshots/SnapshotStore.ts";
import type { Moment } from "./Moment.ts";

type At = (name: string) => void;

/** What is planted with. */
export interface Planting {
  readonly at: At;
  readonly moment: Moment;
  readonly isRestart: boolean;
}

/**
 * Plants the points into this process: the keeper's classes are its own, and each call that matters tells where it is before it
 * begins and after it has ended. Nothing of the keeper is replaced and its files know nothing of it.
 */
export function plantPoints(planting: Planting): void {
  plantCore(planting);
  plantStore(planting);
  plantSources(planting);
  plantPerformer(planting);
  plantRooms(planting);
}

/** Decided, and nothing of it is done yet. */
function plantCore({ at, moment, isRestart }: Planting): void {
  let isFirst = true;
  wrap(
    Keeper.prototype,
    "step",
    (step) =>
      function (this: Keeper, input: Input): Effect[] {
        if (isRestart && isFirst) at("restart: first input");
        isFirst = false;
        const effects = step.call(this, input);
        for (const effect of effects) {
          if (effect.type === "incident") {
            const { id, state } = effect.report;
            moment.incidentId = id;
            if (state === "opened") at("verdict: decided");
            else if (state === "contained") at("effect: decided");
            else if (isRestart) at("restart: incident found again");
          }
          if (effect.type === "broadcast" && effect.purpose === "soft-pause") at("send: decided");
        }
        return effects;
      },
  );
  wrap(
    Pauses.prototype,
    "sent",
    (sent) =>
      function (this: Pauses, input: Extract<Input, { type: "sent" }>): void {
        sent.call(this, input);
        if (this.current?.transaction === input.hash)
          at(`${moment.send}: ${moment.answer(`${moment.send} taken`)} answer taken`);
      },
  );
}

/** A record on its way to the disk. Those of one step share a transaction, and the points of it. */
function plantStore({ at, moment }: Planting): void {
  const waiting = new Set<string>();
  wrap(
    SqlStore.prototype,
    "append",
    (append) =>
      async function (this: SqlStore, kind: string, body: unknown): Promise<void> {
        const record = moment.recordOf(kind, body);
        if (record === null) return append.call(this, kind, body);
        at(`${record}: before`);
        waiting.add(record);
        await append.call(this, kind, body).finally(() => waiting.delete(record));
        at(`${record}: durable, core not told`);
      },
  );
  const eachAt = (where: string): void => {
    for (const record of waiting) at(`${record}: ${where}`);
  };
  wrap(
    DatabaseSync.prototype,
    "prepare",
    (prepare) =>
      function (this: DatabaseSync, sql: string) {
        const statement = prepare.call(this, sql);
        if (!sql.startsWith('insert into "journal"')) return statement;
        const run: (...values: SQLInputValue[]) => StatementResultingChanges = statement.run.bind(statement);
        statement.run = (...values: unknown[]) => {
          const changes = run(...(values as SQLInputValue[]));
          eachAt("written, not committed");
          return changes;
        };
        return statement;
      },
  );
  wrap(
    DatabaseSync.prototype,
    "exec",
    (exec) =>
      function (this: DatabaseSync, sql: string): void {
        exec.call(this, sql);
        if (sql === "commit") eachAt("committed, not acknowledged");
      },
  );
}

/** What goes over the sockets. */
function plantSources({ at, moment }: Planting): void {
  wrap(
    DuplexSource.prototype,
    "request",
    (request) =>
      async function (this: DuplexSource, ...args: Parameters<DuplexSource["request"]>): Promise<unknown> {
        if (!moment.isSending) return request.call(this, ...args);
        const { send } = moment;
        moment.written += 1;
        const isFirst = moment.written === 1;
        if (isFirst) at(`${send}: before the first source`);
        const answer = request.call(this, ...args);
        at(isFirst ? `${send}: between the sources` : `${send}: written to all`);
        return answer.finally(() => at(`${send}: ${moment.answer(send)} answer arrived`));
      },
  );
  wrap(
    DuplexSource.prototype,
    "batch",
    (batch) =>
      async function (this: DuplexSource, ...args: Parameters<DuplexSource["batch"]>) {
        const isAwaiting = moment.isAwaiting;
        if (isAwaiting) at("next block: before it is asked for");
        const items = batch.call(this, ...args);
        if (isAwaiting) at("next block: asked for");
        const answered = await items;
        if (moment.incidentId === null || moment.isContained) return answered;
        const shows = JSON.stringify(answered, plain).includes(moment.incidentId.slice(2));
        if (shows) at("effect: answer arrived");
        else if (isAwaiting) at("next block: answer arrived");
        return answered;
      },
  );
}

/** What is done of what was decided. */
function plantPerformer({ at, moment }: Planting): void {
  wrap(
    Performer.prototype,
    "perform",
    (perform) =>
      function (this: Performer, effect: Effect): void {
        const isPause = effect.type === "broadcast" && effect.purpose === "soft-pause";
        if (isPause) moment.begin(effect);
        moment.isSending = isPause;
        moment.isSigning = effect.type === "sign-transaction" && effect.key === "pause";
        if (moment.isSigning) at(`${moment.signature}: before`);
        perform.call(this, effect);
        moment.isSending = moment.isSigning = false;
        if (effect.type === "block" && effect.report.verdict.kind === "Diverged") at("verdict: told");
        if (effect.type === "incident") at(`${effect.report.state}: told`);
        if (effect.type === "incident" && effect.report.state === "contained") moment.isContained = true;
        if (effect.type === "evidence") at("evidence: gathered");
      },
  );
  wrap(
    KeySigner.prototype,
    "signTransaction",
    (sign) =>
      function (this: KeySigner, ...args: Parameters<KeySigner["signTransaction"]>) {
        const signed = sign.call(this, ...args);
        if (moment.isSigning) at(`${moment.signature}: made, not handed over`);
        return signed;
      },
  );
}

/** Files beside the journal, and the start. */
function plantRooms({ at, moment, isRestart }: Planting): void {
  wrap(
    ExchangeRing.prototype,
    "dump",
    (dump) =>
      async function (this: ExchangeRing, ...args: Parameters<ExchangeRing["dump"]>): Promise<string> {
        const file = await dump.call(this, ...args);
        at(`answers at ${args[0].split("/").at(-1) ?? ""}: on disk`);
        return file;
      },
  );
  wrap(
    SnapshotStore.prototype,
    "write",
    (write) =>
      async function (this: SnapshotStore, ...args: Parameters<SnapshotStore["write"]>) {
        at("snapshot: before");
        const written = await write.call(this, ...args);
        at("snapshot: on disk");
        return written;
      },
  );
  const { rename } = fs;
  fs.rename = async (from, to) => {
    const isBundle = String(to).endsWith(BUNDLE_FILE) && moment.incidentId !== null;
    if (isBundle) at("bundle: written, not in place");
    await rename(from, to);
    if (isBundle) at("bundle: in place");
  };
  syncBuiltinESMExports();
  if (!isRestart) return;
  wrap(
    StoreRoom.prototype,
    "lead",
    (lead) =>
      async function (this: StoreRoom): Promise<void> {
        at("restart: store read");
        await lead.call(this);
      },
  );
  wrap(
    StoreRoom.prototype,
    "lockKeys",
    (lock) =>
      async function (this: StoreRoom, ...args: Parameters<StoreRoom["lockKeys"]>): Promise<void> {
        await lock.call(this, ...args);
        at("restart: keys taken");
      },
  );
}

/** Replaces a method by one made of it. */
function wrap<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  make: (original: Target[Name]) => Target[Name],
): void {
  target[name] = make(target[name]);
}

/** Answers hold no bigint; should one ever, it is text. */
function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
