import { useEffect, useRef, useState } from "preact/hooks";

import { LockstepError } from "../../../client/index.ts";
import type { KeeperStore, KeeperView } from "./KeeperStore.ts";

/** What the page knows, again whenever it changes; several changes of one frame are shown together. */
export function useKeeper(store: KeeperStore): KeeperView {
  const [view, setView] = useState(store.view);
  useEffect(() => {
    let frame: number | null = null;
    const unsubscribe = store.subscribe(() => {
      frame ??= requestAnimationFrame(() => {
        frame = null;
        setView(store.view);
      });
    });
    setView(store.view);
    return () => {
      unsubscribe();
      if (frame !== null) cancelAnimationFrame(frame);
    };
  }, [store]);
  return view;
}

/** The monotonic clock, milliseconds, again every so often. */
export function useClock(everyMs = 1_000): number {
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** What was asked for: the newest answer, and why there is no newer one. */
export interface Asked<Answer> {
  readonly answer: Answer | null;
  readonly problem: { readonly code: string; readonly detail: string } | null;
}

const LEAST_MS = 1_000;

/**
 * Asks the keeper whenever the key changes, and again with every revision, once a second at most. An answer is kept while a newer
 * one is asked for, and dropped when the keeper refuses: what is not proven is not shown.
 */
export function useAsked<Answer>(key: string, revision: number, ask: () => Promise<Answer>): Asked<Answer> {
  const [asked, setAsked] = useState<Asked<Answer> & { readonly key: string }>({ key, answer: null, problem: null });
  const current = useRef({ key, dueAtMs: 0 });
  if (current.current.key !== key) current.current = { key, dueAtMs: 0 };
  useEffect(() => {
    const { current: mine } = current;
    const begin = (): void => {
      mine.dueAtMs = performance.now() + LEAST_MS;
      ask().then(
        (answer) => {
          if (current.current === mine) setAsked({ key, answer, problem: null });
        },
        (error: unknown) => {
          const code = error instanceof LockstepError ? error.code : "Broken";
          const detail = error instanceof Error ? error.message : String(error);
          if (current.current === mine) setAsked({ key, answer: null, problem: { code, detail } });
        },
      );
    };
    const timer = setTimeout(begin, Math.max(0, mine.dueAtMs - performance.now()));
    return () => clearTimeout(timer);
  }, [key, revision]);
  return asked.key === key ? asked : { answer: null, problem: null };
}

/** The part of the address after `#`. */
export function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = (): void => setHash(location.hash);
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return hash;
}
