import { useState } from "preact/hooks";

import type { StatusDocument } from "../../../client/index.ts";
import { height, milliseconds } from "../format.ts";
import type { KeeperStore } from "../state/KeeperStore.ts";

/** On a local chain: a button that breaks it, and what comes of that. */
export function Drill({ store, status }: { readonly store: KeeperStore; readonly status: StatusDocument }) {
  const [problem, setProblem] = useState<string | null>(null);
  const { drill } = status;
  if (drill === null) return null;
  const begin = (): void => {
    setProblem(null);
    store.client
      .startDrill()
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  };
  return (
    <section aria-labelledby="drill" class="drill">
      <h2 id="drill">Drill</h2>
      <p>
        This chain is your own. The drill writes a million into an account behind the protocol's back; watch the keeper
        find it, pause, and let trading go on once it is repaired. It takes less than half a minute, and leaves
        everything as it was.
      </p>
      <button type="button" class="primary" onClick={begin} disabled={drill.isRunning || status.state !== "IN_SYNC"}>
        {drill.isRunning ? "The drill is running…" : "Break it"}
      </button>
      {problem === null ? null : <p class="problem">{problem}</p>}
      <ol class="steps" aria-live="polite" data-outcome={drill.outcome ?? (drill.isRunning ? "running" : "none")}>
        {drill.steps.map(({ name, title, block, ms }) => (
          <li key={name} data-step={name}>
            <strong>{title}</strong>
            <span>
              {milliseconds(ms)}
              {block === null ? "" : `, block ${height(block)}`}
            </span>
          </li>
        ))}
      </ol>
      {drill.trouble === null ? null : <p class="problem">The drill ended before its time: {drill.trouble}</p>}
    </section>
  );
}
