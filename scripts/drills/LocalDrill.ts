import type { DrillState } from "../../keeper/api/schemas/status.ts";
import type { Rehearsal } from "../../keeper/api/ports.ts";
import { storage as ledger } from "../../keeper/books/generated/PositionLedger.ts";
import { wait } from "../../keeper/chain/sources/wait.ts";
import { sendOrder } from "../../keeper/control/sendOrder.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { bigintToHex32, type Hash } from "../../keeper/lib/hex.ts";
import { messageOf } from "../../keeper/lib/messageOf.ts";
import type { IncidentRecord } from "../../keeper/telemetry/IncidentRecord.ts";
import { tamperStorage } from "../../testing/chainControl.ts";
import { rpcAt } from "../../testing/Rpc.ts";
import { developmentWallet, ROLES } from "../local/accounts.ts";
import { callNode } from "../local/callNode.ts";
import type { LocalKeeper } from "../local/LocalKeeper.ts";
import type { Market } from "../local/Market.ts";
import { fundThief } from "./corruptedBalance.ts";
import { must } from "./fullCycle/must.ts";
import { waitUntil } from "./waitUntil.ts";

/** What the drill breaks, and who has to find it. */
export interface LocalDrillParts {
  readonly market: Market;
  readonly keeper: () => LocalKeeper;
  readonly signal: AbortSignal;
  /** So long people have to look at the halted protocol before it is repaired; 6 seconds. */
  readonly lookMs?: number;
}

/** Number of the ledger's variable `_accounts`. */
const ACCOUNTS = 1;
const LOOT = 1_000_000n * 10n ** 18n;
const LOOK_MS = 6_000;
const POLL_MS = 50;
const PATIENCE_MS = 45_000;
const ORDER_DEADLINE_MS = 15_000;

/**
 * The whole story on the running chain of `lockstep up`: a balance that no event explains, found, paused and halted; the repair by
 * governance; the order to resume. Afterwards everything is as it was.
 */
export class LocalDrill implements Rehearsal {
  onChange: (() => void) | null = null;
  readonly #parts: LocalDrillParts;
  #state: DrillState = { isRunning: false, steps: [], outcome: null, trouble: null };
  #struckAtMs = 0;

  constructor(parts: LocalDrillParts) {
    this.#parts = parts;
  }

  state(): DrillState {
    return this.#state;
  }

  start(): boolean {
    if (this.#state.isRunning) return false;
    this.#set({ isRunning: true, steps: [], outcome: null, trouble: null });
    this.#struckAtMs = performance.now();
    this.#run().then(
      () => this.#set({ isRunning: false, outcome: "resumed" }),
      (error: unknown) => this.#set({ isRunning: false, outcome: "failed", trouble: messageOf(error) }),
    );
    return true;
  }

  async #run(): Promise<void> {
    const { market } = this.#parts;
    const known = new Set(this.#status.incidents.keys());
    try {
      await this.#until("the keeper is in sync", () => this.#status.state === "IN_SYNC");
      const repair = await this.#strike();
      const incident = await this.#contain(known);
      await wait(this.#parts.lookMs ?? LOOK_MS, this.#parts.signal);
      await this.#repair(repair, incident);
      await this.#resume(incident);
    } finally {
      market.go();
    }
  }

  /** Writes a balance into the node's state, of somebody who does nothing else. Nobody trades meanwhile: the node proves the block before it wrongly from then on. */
  async #strike(): Promise<{ readonly account: Hash; readonly value: bigint }> {
    const { chain } = this.#parts.market;
    await this.#parts.market.silence();
    const { account } = await fundThief({ chain, untilCheckpointed: () => Promise.resolve() });
    const { number } = await chain.readHead();
    await this.#until(`block ${number} is judged`, () => (this.#status.lastReport?.number ?? 0) >= number);
    const slot = ledger.accounts.slot(account);
    const value = this.#parts.keeper().service.keeper.books.read("PositionLedger", slot);
    const told = ledger.accounts.decode(value);
    const address = chain.address("PositionLedger");
    this.#struckAtMs = performance.now();
    const block = await tamperStorage(rpcAt(chain.url), {
      ...{ address, slot, value: ledger.accounts.encode({ ...told, quote: told.quote + LOOT }) },
    });
    this.#step("broken", "One million appears in an account, and no event explains it", block);
    return { account, value };
  }

  async #contain(known: ReadonlySet<Hash>): Promise<IncidentRecord> {
    const find = (): IncidentRecord | undefined =>
      [...this.#status.incidents.values()].find(({ id }) => !known.has(id));
    await this.#until("the keeper finds it", () => find() !== undefined);
    const incident = find();
    if (incident === undefined) throw new KeeperError("DrillFailed", "the incident is gone");
    this.#step("found", "The keeper's books and the chain differ by one root: diverged", incident.blockNumber);
    await this.#until("the pause is proven", () => incident.containedIn !== null);
    this.#step("paused", "Paused: nobody takes new risk or takes money out", incident.containedIn);
    await this.#until("the word is located", () => incident.isLocated);
    const [word] = incident.located;
    this.#step(
      "located",
      `The word is ${word === undefined ? "not found" : `${word.contract}.${word.variable}`}`,
      null,
    );
    await this.#until("the protocol is halted", () => this.#isHalted());
    this.#step("halted", "A quorum of keepers has signed: halted until people have looked at it", await this.#head());
    this.#parts.market.go();
    return incident;
  }

  /** Governance puts back the word that the events imply. */
  async #repair(
    { account, value }: { readonly account: Hash; readonly value: bigint },
    incident: IncidentRecord,
  ): Promise<void> {
    const { chain } = this.#parts.market;
    const address = chain.address("PositionLedger");
    const slot = ledger.accounts.slot(account);
    const expected = (await callNode(chain.url, "eth_getStorageAt", [address, slot, "latest"])) as Hash;
    const change = { variable: ACCOUNTS, keys: [account], offset: 0, expected, value: bigintToHex32(value) };
    const admin = developmentWallet(ROLES.deployer);
    const blockNumber = await must(chain, admin, "SyncGuard", "repair", [address, change]);
    this.#step("repaired", "Governance puts back the word that the events imply", blockNumber);
    await this.#until("the books equal the chain again", () => {
      const { lastReport } = this.#status;
      return (lastReport?.number ?? 0) >= blockNumber && lastReport?.verdict.kind === "InSync";
    });
    this.#step("in-sync", "The books equal the chain again", this.#status.lastReport?.number ?? incident.blockNumber);
    await this.#until("a block after the repair has a checkpoint", async () => {
      const [newest] = await chain.read([{ contract: "CheckpointRegistry", fn: "newestNumber" }]);
      return (newest as bigint) > BigInt(blockNumber);
    });
    this.#step("checkpoint", "A checkpoint of a block after the repair is posted", await this.#head());
  }

  /** A person orders it; the guard's cool-down has to be over. */
  async #resume(incident: IncidentRecord): Promise<void> {
    const { dataDirectory } = this.#parts.keeper();
    const order = { dataDirectory, by: "drill", deadlineMs: ORDER_DEADLINE_MS };
    let isOrdered = false;
    await this.#until("the protocol resumes", async () => {
      if (!(await this.#isHalted())) return true;
      if (!isOrdered) isOrdered = (await sendOrder({ kind: "sign-resume" }, order)).isDone;
      return false;
    });
    this.#step("resumed", "A person ordered it, a quorum signed it: trading goes on", await this.#head());
    await this.#until("the incident is closed", () => incident.state === "closed");
  }

  get #status() {
    return this.#parts.keeper().service.status;
  }

  async #head(): Promise<number> {
    return (await this.#parts.market.chain.readHead()).number;
  }

  async #isHalted(): Promise<boolean> {
    const [isHalted] = await this.#parts.market.chain.read([{ contract: "SyncGuard", fn: "isHalted" }]);
    return isHalted === true;
  }

  async #until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    await waitUntil(what, isTrue, { patienceMs: PATIENCE_MS, pollMs: POLL_MS, signal: this.#parts.signal });
  }

  #step(name: string, title: string, block: number | null): void {
    const ms = Math.round(performance.now() - this.#struckAtMs);
    this.#set({ steps: [...this.#state.steps, { name, title, block, ms }] });
  }

  #set(change: Partial<DrillState>): void {
    this.#state = { ...this.#state, ...change };
    this.onChange?.();
  }
}
