import { chainMoment, height } from "../format.ts";
import { useAsked } from "../state/hooks.ts";
import type { KeeperStore, KeeperView } from "../state/KeeperStore.ts";
import { Proven } from "./Proven.tsx";
import { Badge, Hex, Table } from "./Table.tsx";

const SHOWN = 8;

/** What keepers signed, newest first. */
export function Checkpoints({ store, view }: { readonly store: KeeperStore; readonly view: KeeperView }) {
  const asked = useAsked("checkpoints", view.revision, () => store.client.checkpoints());
  return (
    <section aria-labelledby="checkpoints">
      <h2 id="checkpoints">Checkpoints</h2>
      <Proven asked={asked}>
        {({ data }) => (
          <>
            <Table
              caption="Checkpoints"
              heads={["Block", "State", "Posted", "Digest", "Carrier"]}
              isEmpty={data.length === 0}
              empty="None was posted yet."
            >
              {data.slice(0, SHOWN).map(({ blockNumber, status, postedAt, digest, carrier }) => (
                <tr key={blockNumber}>
                  <th scope="row">{height(blockNumber)}</th>
                  <td>
                    <Badge tone={status === "convicted" ? "bad" : status === "proven" ? "good" : "plain"}>
                      {status}
                    </Badge>
                  </td>
                  <td>{chainMoment(postedAt)}</td>
                  <td>
                    <Hex value={digest} />
                  </td>
                  <td>{carrier === null ? "–" : <Hex value={carrier} />}</td>
                </tr>
              ))}
            </Table>
            {data.length > SHOWN ? <p class="note">The registry keeps {data.length}.</p> : null}
          </>
        )}
      </Proven>
    </section>
  );
}
