import type { LockstepDeployment } from "../local/deployLockstep.ts";

/** What happens to the process when it comes by a point. */
export interface Trap {
  /** Name of the point. */
  readonly point: string;
  /** Which time it comes by, counted from 1 in each process. */
  readonly nth: number;
  /** Milliseconds for which its event loop stands still; without, it kills itself by SIGKILL. */
  readonly stallMs?: number;
}

/** What a keeper's process is told to do, once. */
export interface KeeperJob {
  readonly deployment: LockstepDeployment;
  /** Settings, by the names of the configuration file. */
  readonly flags: Readonly<Record<string, string>>;
  /** Folder in which the process leaves what must outlive it: where it was killed, and what it sent. */
  readonly notes: string;
  readonly trap: Trap | null;
  /** A keeper was killed here before. */
  readonly isRestart: boolean;
}

/** What a keeper's process says. */
export type KeeperNote =
  /** Everything is loaded; the job is awaited. */
  | { readonly type: "loaded" }
  | { readonly type: "block"; readonly number: number; readonly verdict: string }
  | { readonly type: "incident"; readonly id: string; readonly state: string; readonly containedIn: number | null }
  | { readonly type: "alert"; readonly event: string; readonly detail: string }
  /** A pause goes out. */
  | { readonly type: "sending"; readonly raw: string }
  /** It came by a point, the first time. */
  | { readonly type: "point"; readonly name: string }
  | { readonly type: "failed"; readonly error: string };
