import type { StatusDocument } from "../../../client/index.ts";
import { height, moment, short, span } from "../format.ts";
import type { KeeperView } from "../state/KeeperStore.ts";
import { useClock } from "../state/hooks.ts";

/** A keeper says something every five seconds. */
const STALE_MS = 12_000;

/** What a state means for whoever looks, and how it is marked. */
const STATES: Readonly<Record<StatusDocument["state"], { readonly title: string; readonly tone: string }>> = {
  STARTING: { title: "Starting: no block is judged yet", tone: "wait" },
  LAGGING: { title: "Catching up with the chain", tone: "wait" },
  IN_SYNC: { title: "In sync", tone: "good" },
  FINALITY_STALLED: { title: "In sync, but nothing becomes final", tone: "warn" },
  SOURCE_DEGRADED: { title: "In sync, with fewer sources than there should be", tone: "warn" },
  UNKNOWN: { title: "Unknown: nothing can be said of the chain", tone: "warn" },
  DIVERGED: { title: "Diverged: the books and the chain differ", tone: "bad" },
  PAUSED: { title: "Diverged, and paused", tone: "bad" },
  REPAIRING: { title: "Diverged, paused, being repaired", tone: "bad" },
  RESUME_GATE: { title: "In sync again, not resumed yet", tone: "warn" },
  OWN_FAULT: { title: "This keeper's own books are at fault", tone: "bad" },
  CONSENSUS_FAULT: { title: "The chain left a block that was final", tone: "bad" },
};
const MARKS: Readonly<Record<string, string>> = { good: "✓", warn: "!", bad: "✕", wait: "…" };

/** The one glance: whether the books equal the chain, since when, and where that was proven last. */
export function Answer({ view }: { readonly view: KeeperView }) {
  const now = useClock();
  const { status, heardAtMs } = view;
  if (status === null) {
    return (
      <section class="answer wait" aria-label="State">
        <p class="verdict" role="status">
          {view.connection === "connecting" ? "Asking the keeper…" : "No keeper answers"}
        </p>
      </section>
    );
  }
  const silentMs = heardAtMs === null ? 0 : now - heardAtMs;
  const isStale = silentMs > STALE_MS;
  const { title, tone } = STATES[status.state];
  return (
    <>
      {isStale ? (
        <p class="stale" role="alert">
          This page has heard nothing from the keeper for {span(silentMs)}: everything below is as old as that, and may
          be wrong.
        </p>
      ) : null}
      <section class={`answer ${isStale ? "old" : tone}`} aria-label="State">
        <span class="mark" aria-hidden="true">
          {isStale ? "?" : MARKS[tone]}
        </span>
        <div>
          <p class="verdict" role="status" data-state={status.state}>
            {isStale ? `It was: ${title}` : title}
          </p>
          <p class="since">
            since {moment(status.stateSince)} · {proof(status)}
          </p>
          <Why status={status} />
        </div>
        <Figures status={status} sinceMs={now - view.toldAtMs} />
      </section>
    </>
  );
}

function proof({ lastInSync, block }: StatusDocument): string {
  if (lastInSync === null) return block === null ? "nothing is proven yet" : "no block was found in sync yet";
  return `proven at block ${height(lastInSync.number)} (${short(lastInSync.hash)})`;
}

function Why({ status }: { readonly status: StatusDocument }) {
  const reasons = [
    ...(status.unknown === null ? [] : [`${status.unknown.reason}: ${status.unknown.detail}`]),
    ...status.conditions.map(({ kind, detail }) => `${kind}: ${detail}`),
    ...(status.ready.ready || status.state === "STARTING" ? [] : [`not ready: ${status.ready.reason}`]),
    ...(status.isLeading ? [] : ["standing by: another replica acts"]),
  ];
  if (reasons.length === 0) return null;
  return (
    <ul class="why">
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}

function Figures({ status, sinceMs }: { readonly status: StatusDocument; readonly sinceMs: number }) {
  const { block, votes, quorum, secondsSinceVerdict, slots } = status;
  return (
    <dl class="figures">
      <div>
        <dt>Newest block</dt>
        <dd data-block={block?.number}>{block === null ? "–" : height(block.number)}</dd>
      </div>
      <div>
        <dt>Judged</dt>
        <dd>{secondsSinceVerdict === null ? "never" : `${span(secondsSinceVerdict * 1_000 + sinceMs)} ago`}</dd>
      </div>
      <div>
        <dt>Operators for it</dt>
        <dd>
          {votes} <small>({quorum} needed)</small>
        </dd>
      </div>
      <div>
        <dt>Words compared</dt>
        <dd>{height(slots)}</dd>
      </div>
    </dl>
  );
}
