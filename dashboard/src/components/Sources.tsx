import type { StatusDocument } from "../../../client/index.ts";
import { height, milliseconds } from "../format.ts";
import { Badge, Hex, Table } from "./Table.tsx";

/** Whom the keeper asks, and what it thinks of them. */
export function Sources({ status: { sources, finality, quorum } }: { readonly status: StatusDocument }) {
  const best = Math.max(0, ...sources.map(({ head }) => head?.number ?? 0));
  return (
    <section aria-labelledby="sources">
      <h2 id="sources">Sources</h2>
      <Table
        caption="Sources"
        heads={["Source", "Operator", "State", "Head", "#Behind", "#Latency", "#Score"]}
        isEmpty={sources.length === 0}
        empty="None yet."
      >
        {sources.map(({ id, operator, state, reason, score, latencyMs, head }) => (
          <tr key={id}>
            <th scope="row">{id}</th>
            <td>{operator}</td>
            <td>
              <Badge tone={state === "up" ? "good" : state === "limited" ? "warn" : "bad"}>{state}</Badge>
              {reason === "" ? null : <span class="reason">{reason}</span>}
            </td>
            <td>
              {head === null ? (
                "–"
              ) : (
                <>
                  {height(head.number)} <Hex value={head.hash} />
                </>
              )}
            </td>
            <td class="number">{head === null ? "–" : height(best - head.number)}</td>
            <td class="number">{milliseconds(latencyMs)}</td>
            <td class="number">{score} %</td>
          </tr>
        ))}
      </Table>
      <p class="note">
        {quorum} {quorum === 1 ? "operator decides" : "operators decide"}.{" "}
        {finality.block === null ? "Nothing is final yet" : `Final up to block ${height(finality.block.number)}`}
        {finality.mode === null ? "." : `: ${finality.mode.detail}.`}
      </p>
    </section>
  );
}
