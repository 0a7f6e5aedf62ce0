import type { StatusDocument } from "../../../client/index.ts";
import { Checkpoints } from "../components/Checkpoints.tsx";
import { Contracts } from "../components/Contracts.tsx";
import { Drill } from "../components/Drill.tsx";
import { Grade } from "../components/Grade.tsx";
import { LagChart, LatencyCharts } from "../components/Latency.tsx";
import { People } from "../components/People.tsx";
import { Sources } from "../components/Sources.tsx";
import type { KeeperStore, KeeperView } from "../state/KeeperStore.ts";

/** What an operator looks at first. */
export function Overview({
  store,
  view,
  status,
}: {
  readonly store: KeeperStore;
  readonly view: KeeperView;
  readonly status: StatusDocument;
}) {
  return (
    <>
      <Drill store={store} status={status} />
      <div class="columns">
        <div>
          <Grade store={store} view={view} />
          <Sources status={status} />
          <LatencyCharts samples={view.samples} />
          <LagChart samples={view.samples} />
        </div>
        <div>
          <Contracts status={status} />
          <Checkpoints store={store} view={view} />
          <People status={status} />
        </div>
      </div>
    </>
  );
}
