import type { NoticeLevel } from "./Notice.ts";

/** What a state of an incident means to a person. */
export interface IncidentStateMeaning {
  readonly level: NoticeLevel;
  readonly isEnd: boolean;
  /** Begins the title; the contract and the cause follow. */
  readonly headline: string;
  /** Ends the detail: what it means and what is expected now. */
  readonly meaning: string;
}

/**
 * The states that are told. An incident is critical until it has ended: trading that is paused costs its users
 * something every minute, and only people resume it.
 */
export const INCIDENT_STATES: Readonly<Record<string, IncidentStateMeaning>> = {
  opened: {
    level: "critical",
    isEnd: false,
    headline: "Divergence proved",
    meaning: "The books and the chain differ. The keeper prepares the pause.",
  },
  acting: {
    level: "critical",
    isEnd: false,
    headline: "Pause sent, not yet effective",
    meaning: "New risk is still accepted until the pause is included.",
  },
  contained: {
    level: "critical",
    isEnd: false,
    headline: "Contained, trading is paused",
    meaning: "The pause is proven to be effective. Find the cause; only a repair or an acceptance ends this.",
  },
  repairing: {
    level: "critical",
    isEnd: false,
    headline: "Repair under way",
    meaning: "Trading stays paused until the repaired words are proven.",
  },
  resuming: {
    level: "critical",
    isEnd: false,
    headline: "Resuming",
    meaning: "The books and the chain agree again. Trading opens by grades.",
  },
  failed: {
    level: "critical",
    isEnd: false,
    headline: "THE PAUSE FAILED",
    meaning: "Nothing is contained. Pause by hand now.",
  },
  closed: {
    level: "warning",
    isEnd: true,
    headline: "Closed",
    meaning: "What diverged was repaired or accepted. Nothing is left to do here.",
  },
  orphaned: {
    level: "warning",
    isEnd: true,
    headline: "Over: it was only a reorg",
    meaning: "The divergent block is no longer part of the chain. Closed by itself; nothing is left to contain.",
  },
};

/** A state that this table does not have is told as it is, loudly, and never taken for an end. */
export const UNKNOWN_STATE: IncidentStateMeaning = {
  level: "critical",
  isEnd: false,
  headline: "Incident in a new state",
  meaning: "",
};

/** States in which the pause is effective: being back at `acting` after one of them means that it was lost again. */
export const CONTAINED_STATES: ReadonlySet<string> = new Set(["contained", "repairing", "resuming"]);
