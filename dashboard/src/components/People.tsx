import type { StatusDocument } from "../../../client/index.ts";
import { Badge, Table } from "./Table.tsx";

const TONES = { ok: "good", warn: "warn", fail: "bad", skip: "plain" } as const;

/** Whether the keeper could act, whether people are told, and the other keepers. */
export function People({ status }: { readonly status: StatusDocument }) {
  const { readiness, alerts, peers } = status;
  const standing = alerts?.standing ?? [];
  return (
    <section aria-labelledby="people">
      <h2 id="people">Readiness, alerts and other keepers</h2>
      <Table
        caption="Alerts that stand"
        heads={["Alert", "Level", "Taken by"]}
        isEmpty={standing.length === 0}
        empty="No alert stands."
      >
        {standing.map(({ key, level, title, acknowledged }) => (
          <tr key={key}>
            <th scope="row" class="words">
              {title}
            </th>
            <td>
              <Badge tone={level === "critical" ? "bad" : "warn"}>{level}</Badge>
            </td>
            <td class="words">{acknowledged === null ? "nobody" : `${acknowledged.by}: ${acknowledged.reason}`}</td>
          </tr>
        ))}
      </Table>
      <Table
        caption="Whether this keeper could pause"
        heads={["Check", "State", "Found"]}
        isEmpty={readiness === null}
        empty={status.keeper.mode === "act" ? "Readiness was not tried yet." : "This keeper does not act."}
      >
        {(readiness?.results ?? []).map(({ name, status: result, detail, advice }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <Badge tone={TONES[result]}>{result}</Badge>
            </td>
            <td class="words">
              {detail}
              {advice === undefined ? null : <span class="reason">{advice}</span>}
            </td>
          </tr>
        ))}
      </Table>
      {peers.length === 0 ? null : (
        <Table caption="Other keepers" heads={["Keeper", "State", "Fault"]}>
          {peers.map(({ name, isUp, fault }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <Badge tone={isUp ? "good" : "bad"}>{isUp ? "heard" : "not heard"}</Badge>
              </td>
              <td class="words">{fault?.detail ?? "–"}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
