import type { Incident, StatusDocument } from "../../../client/index.ts";
import { Badge, Hex, Table } from "../components/Table.tsx";
import { height, milliseconds, moment } from "../format.ts";
import type { KeeperStore } from "../state/KeeperStore.ts";

const STAGES = [
  ["node", "node: head to last needed byte"],
  ["detect", "detect: to the verdict"],
  ["decide", "decide: to the signature"],
  ["broadcast", "broadcast: until a source took it"],
  ["include", "include: until it was proven"],
] as const;

/** What happened, newest first. */
export function Incidents({ status }: { readonly store: KeeperStore; readonly status: StatusDocument }) {
  const { incidents } = status;
  return (
    <section aria-labelledby="incidents">
      <h2 id="incidents">Incidents</h2>
      {incidents.length === 0 ? (
        <p class="none">None since this keeper started, {moment(status.keeper.startedAt)}.</p>
      ) : (
        <ol class="timeline">
          {incidents.map((incident) => (
            <li key={incident.id} data-incident={incident.id}>
              <Story incident={incident} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function toneOf(state: string): "good" | "warn" | "bad" | "plain" {
  if (state === "closed") return "good";
  if (state === "orphaned") return "plain";
  return state === "opened" || state === "acting" || state === "failed" ? "bad" : "warn";
}

function Story({ incident }: { readonly incident: Incident }) {
  const { id, state, cause, contract, blockNumber, blockHash, detail, transaction, containedIn, openedAt } = incident;
  return (
    <article aria-labelledby={`incident-${id}`}>
      <h3 id={`incident-${id}`}>
        {cause} in {contract} <Badge tone={toneOf(state)}>{state}</Badge>
      </h3>
      <p class="since">
        {moment(openedAt)} · block {height(blockNumber)} <Hex value={blockHash} /> · incident <Hex value={id} />
      </p>
      <p>{detail}</p>
      <p>
        {containedIn === null
          ? "Not contained."
          : `Contained in block ${height(containedIn)}, ${containedIn - blockNumber} after it.`}{" "}
        {transaction === null ? null : (
          <>
            Transaction <Hex value={transaction} />.
          </>
        )}
      </p>
      <Located incident={incident} />
      {incident.rebuild?.outcome == null ? null : (
        <p>
          Rebuilt books say {incident.rebuild.outcome.kind}: {incident.rebuild.outcome.detail}
        </p>
      )}
      <ul class="stages">
        {STAGES.map(([stage, title]) => (
          <li key={stage}>
            <span>{title}</span> <strong>{milliseconds(incident.ms[stage])}</strong>
          </li>
        ))}
      </ul>
      <p class="evidence">
        <a href={`/v1/incidents/${id}/evidence`} download={`${id}.lockstep`}>
          Evidence
        </a>{" "}
        for anybody, without this keeper or a network: <code>lockstep verify {id.slice(0, 10)}….lockstep</code>
      </p>
    </article>
  );
}

function Located({ incident }: { readonly incident: Incident }) {
  const { located, locatedCount, locateNote, isLocated } = incident;
  return (
    <>
      <Table
        caption="Words that differ"
        heads={["Word", "Why", "By the books", "By the chain"]}
        isEmpty={located.length === 0}
        empty={isLocated ? "No word could be located." : "Words are being located…"}
      >
        {located.map(({ contract, variable, hashedSlot, cause, before, after }) => (
          <tr key={`${contract} ${hashedSlot}`}>
            <th scope="row" title={hashedSlot}>
              <code class="long">
                {contract}.{variable}
              </code>
            </th>
            <td>{cause}</td>
            <td>
              <code class="long">{before}</code>
            </td>
            <td>
              <code class="long">{after}</code>
            </td>
          </tr>
        ))}
      </Table>
      {locatedCount > located.length ? (
        <p class="note">{height(locatedCount)} words differ; the first are shown.</p>
      ) : null}
      {locateNote === "" ? null : <p class="note">{locateNote}</p>}
    </>
  );
}
