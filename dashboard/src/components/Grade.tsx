import { chainMoment } from "../format.ts";
import { useAsked } from "../state/hooks.ts";
import type { KeeperStore, KeeperView } from "../state/KeeperStore.ts";
import { Proven } from "./Proven.tsx";
import { Badge, Hex, Table } from "./Table.tsx";

const GRADES: Readonly<Record<string, string>> = {
  synced: "Nothing is paused",
  soft: "Soft pause: new risk is refused for a while",
  stale: "Stale: no checkpoint for too long",
  grace: "Grace: nobody is liquidated yet",
  halted: "Halted until governance and a quorum of keepers resume",
  "wind-down": "Wind-down: the protocol ends",
};
const FAMILIES: Readonly<Record<string, string>> = {
  "increase-risk": "Taking risk",
  withdraw: "Withdrawing",
  liquidate: "Liquidating",
};

/** The pause that is in force, by what users can and cannot do. */
export function Grade({ store, view }: { readonly store: KeeperStore; readonly view: KeeperView }) {
  const asked = useAsked("grade", view.revision, () => store.client.grade());
  return (
    <section aria-labelledby="grade">
      <h2 id="grade">Pause</h2>
      <Proven asked={asked}>
        {({ data }) => (
          <>
            <p class="lead" data-grade={data.grade}>
              {GRADES[data.grade] ?? data.grade}
              {data.softUntil === null ? null : <>, until {chainMoment(data.softUntil)}</>}
              {data.haltedSince === null ? null : <>, since {chainMoment(data.haltedSince)}</>}
              {data.graceUntil === null ? null : <>; grace until {chainMoment(data.graceUntil)}</>}
              {data.cause === null ? null : (
                <>
                  , because of <Hex value={data.cause} />
                </>
              )}
            </p>
            <Table caption="What users can do" heads={["Action", "State", "Users can"]}>
              {data.families.map(({ family, isRestricted, allows }) => (
                <tr key={family}>
                  <th scope="row">{FAMILIES[family] ?? family}</th>
                  <td>
                    <Badge tone={isRestricted ? "bad" : "good"}>{isRestricted ? "restricted" : "open"}</Badge>
                  </td>
                  <td>{allows}</td>
                </tr>
              ))}
            </Table>
            <p class="note">
              Without another checkpoint the stale grade begins {chainMoment(data.staleFrom)}.
              {data.isFundShort ? " The insurance fund is below its target: withdrawals weigh four times." : ""}
            </p>
          </>
        )}
      </Proven>
    </section>
  );
}
