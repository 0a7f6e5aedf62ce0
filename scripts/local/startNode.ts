import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { callNode } from "./callNode.ts";
import { expectFree } from "./expectFree.ts";
import { nodeCommand } from "./nodeCommand.ts";
import type { LocalChainKind, NodeCommand } from "./nodeCommand.ts";
import { PROJECT_ROOT } from "./projectRoot.ts";

/** How to start a local node. */
export interface StartNodeOptions {
  readonly chain: LocalChainKind;
  /** Default 8545; 0 picks a free one. */
  readonly port?: number;
  readonly host: "127.0.0.1";
  /** Ends the start, and the node once it runs. */
  readonly signal: AbortSignal;
  /**
   * Mines a block every so many milliseconds instead of one for each transaction. Timestamps are whole seconds that
   * grow with every block, so below 1,000 the chain's time outruns the clock.
   */
  readonly blockTimeMs?: number;
  /** More arguments of the node's program, such as Anvil's `--load-state <path>`. */
  readonly args?: readonly string[];
}

/** A node that runs as a child of this process, and ends with it, however it ends. */
export interface LocalNode {
  readonly chain: LocalChainKind;
  readonly url: string;
  readonly wsUrl: string;
  readonly chainId: number;
  /** Process id of the node itself, for drills that freeze or kill it. */
  readonly pid: number;
  /** Resolves when the node has ended, asked to or not, with the last lines of its stderr. Never rejects. */
  readonly ended: Promise<string>;
  /** Ends the node and waits until it is gone. Any number of times. */
  stop(): Promise<void>;
}

const DEFAULT_PORT = 8_545;
const START_DEADLINE_MS = 60_000;
/** A node that has not ended by itself by then is killed. */
const STOP_GRACE_MS = 2_000;
const LINES_KEPT = 12;

const GUARD = fileURLToPath(new URL("guardNode.ts", import.meta.url));

/**
 * Starts a node and waits until it answers.
 *
 * @throws KeeperError `PortTaken`; `NodeStartFailed` with the last lines of the node's stderr. The signal's reason
 * when it aborts first.
 */
export async function startNode(options: StartNodeOptions): Promise<LocalNode> {
  const { chain, host, signal, blockTimeMs, args } = options;
  signal.throwIfAborted();
  const wanted = options.port ?? DEFAULT_PORT;
  if (wanted !== 0) await expectFree(host, wanted);
  const child = new GuardedNode(chain, nodeCommand(chain, host, wanted, blockTimeMs, args));
  try {
    const port = await child.listening(signal);
    const url = `http://${host}:${port}`;
    const chainId = Number(await callNode(url, "eth_chainId"));
    // Anvil prints every call otherwise.
    if (chain === "anvil") await callNode(url, "anvil_setLoggingEnabled", [false]);
    if (blockTimeMs !== undefined && chain === "hardhat") {
      await callNode(url, "evm_setAutomine", [false]);
      await callNode(url, "evm_setIntervalMining", [blockTimeMs]);
    }
    signal.throwIfAborted();
    const onAbort = (): void => void child.stop();
    signal.addEventListener("abort", onAbort, { once: true });
    void child.ended.then(() => signal.removeEventListener("abort", onAbort));
    const wsUrl = `ws://${host}:${port}`;
    return { chain, url, wsUrl, chainId, pid: child.pid, ended: child.ended, stop: () => child.stop() };
  } catch (error: unknown) {
    await child.stop();
    throw error;
  }
}

/** The guard process, and through it the node. */
class GuardedNode {
  /** Of the node, not of its guard; 0 until it has started. */
  pid = 0;
  readonly ended: Promise<string>;
  readonly #kind: LocalChainKind;
  readonly #guard: ChildProcess;
  readonly #port = Promise.withResolvers<number>();
  #stderr = "";
  #hasEnded = false;

  constructor(kind: LocalChainKind, { program, parameters, scratchOption }: NodeCommand) {
    this.#kind = kind;
    // Detached: Ctrl-C in the terminal reaches this process only, which then stops things in its own order.
    this.#guard = spawn(process.execPath, [GUARD, scratchOption ?? "", program, ...parameters], {
      cwd: PROJECT_ROOT,
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#guard.on("message", (message: { readonly pid?: number; readonly port?: number }) => {
      if (message.pid !== undefined) this.pid = message.pid;
      if (message.port !== undefined) this.#port.resolve(message.port);
    });
    // It may end before anybody waits.
    this.#port.promise.catch(() => undefined);
    this.#guard.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).split("\n").slice(-LINES_KEPT).join("\n");
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    const onEnd = (): void => {
      this.#hasEnded = true;
      this.#port.reject(this.fault("the node ended while it started"));
      resolve(this.#stderr.trim());
    };
    this.ended = promise;
    // `close` comes after `exit`, when stderr has been read to its end.
    this.#guard.once("close", onEnd).once("error", onEnd);
  }

  /** The port that it listens on, once it does. */
  async listening(signal: AbortSignal): Promise<number> {
    const deadline = AbortSignal.timeout(START_DEADLINE_MS);
    const given = AbortSignal.any([signal, deadline]);
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => {
      const late = this.fault(`the node did not listen within ${START_DEADLINE_MS / 1_000} s`);
      reject(signal.aborted ? (signal.reason as Error) : late);
    };
    given.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([this.#port.promise, promise]);
    } finally {
      given.removeEventListener("abort", onAbort);
    }
  }

  fault(problem: string): KeeperError {
    const stderr = this.#stderr.trim();
    const shown = stderr === "" ? "" : `:\n${stderr}`;
    return new KeeperError("NodeStartFailed", `${this.#kind}: ${problem}${shown}`, { chain: this.#kind, stderr });
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    // Until the guard has ended, the id is the node's: nobody else can have been given it.
    if (this.pid !== 0) this.#signal("SIGTERM");
    else if (this.#guard.connected) this.#guard.disconnect();
    const timer = setTimeout(() => this.#signal("SIGKILL"), STOP_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#guard.exitCode !== null || this.#guard.signalCode !== null) return;
    if (this.pid === 0) this.#guard.kill(signal);
    else tryKill(this.pid, signal);
  }
}

/** The node may have ended a moment ago: that is what was asked for. */
function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
