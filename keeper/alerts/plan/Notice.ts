/** What a notice is about: one divergence, something unusual that holds for a time, or a single event. */
export type NoticeKind = "incident" | "condition" | "alert";

/** How urgent: a critical notice wakes somebody. */
export type NoticeLevel = "warning" | "critical";

/**
 * One message to people. Plain values that survive a journal; every text is clean (see `cleanText`): bounded, without
 * control characters and without URLs' secrets, but escaped for nobody: that is each sink's own affair.
 */
export interface Notice {
  /** Unique among one keeper's notices, and the same each time that this notice is sent again. */
  readonly id: string;
  /** What the notice is about: the incident's id, `condition:<kind>` or `alert:<event>`. Notices of one key belong together. */
  readonly key: string;
  readonly kind: NoticeKind;
  readonly level: NoticeLevel;
  /** Stable name of what happened, such as `incident`, `halted-chain` or `pause-failed`. */
  readonly event: string;
  /**
   * Incidents: opened, acting, contained, repairing, resuming, closed, orphaned or failed; what adds to an incident without
   * changing its state has its event's name here. Others: begin or end. Any: acknowledged.
   */
  readonly state: string;
  /** One line, at most 150 characters. */
  readonly title: string;
  /** At most 2000 characters. */
  readonly detail: string;
  /** What belongs to it, by name: block, contract, cause, transaction, evidence. At most 16, of 300 characters each. */
  readonly fields: Readonly<Record<string, string>>;
  /** Nothing of this key stands any more. */
  readonly isEnd: boolean;
  /** 0 for the first time; then how often it has been repeated for want of an acknowledgement. */
  readonly reminder: number;
  /** Wall-clock milliseconds of the decision to send it. */
  readonly atMs: number;
}

/** A notice before it is decided whether and when it is sent. */
export interface NoticeDraft extends Omit<Notice, "id" | "reminder" | "atMs"> {
  /** Name of the one sink that is not told, because it is what the notice is about. */
  readonly notTo?: string;
}
