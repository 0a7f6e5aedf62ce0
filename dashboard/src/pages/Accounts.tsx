import { useState } from "preact/hooks";

import type { AccountSummary } from "../../../client/index.ts";
import { Portfolio } from "../components/Portfolio.tsx";
import { Proven } from "../components/Proven.tsx";
import { Badge, Hex, Table } from "../components/Table.tsx";
import { height, units } from "../format.ts";
import { useAsked } from "../state/hooks.ts";
import type { KeeperStore, KeeperView } from "../state/KeeperStore.ts";

const LIMIT = 50;
const PREFIX = /^0x[0-9a-f]{1,64}$/;

/** Accounts page by page, or those of an owner; one of them with everything. */
export function Accounts({
  store,
  view,
  hash,
}: {
  readonly store: KeeperStore;
  readonly view: KeeperView;
  readonly hash: string;
}) {
  const chosen = /^#accounts\/(0x[0-9a-f]{64})$/.exec(hash)?.[1];
  return chosen === undefined ? (
    <Explorer store={store} view={view} />
  ) : (
    <Portfolio store={store} view={view} account={chosen} />
  );
}

function Explorer({ store, view }: { readonly store: KeeperStore; readonly view: KeeperView }) {
  const [text, setText] = useState("");
  /** Cursors of the pages up to this one. */
  const [trail, setTrail] = useState<readonly string[]>(["0"]);
  const owner = text.trim().toLowerCase();
  const isPrefix = PREFIX.test(owner);
  const cursor = trail.at(-1) ?? "0";
  const query = { limit: LIMIT, cursor, ...(isPrefix ? { owner } : {}) };
  const asked = useAsked(`accounts ${JSON.stringify(query)}`, view.revision, () => store.client.accounts(query));
  const totals = useAsked("totals", view.revision, () => store.client.totals());
  return (
    <section aria-labelledby="accounts">
      <h2 id="accounts">Accounts</h2>
      <form class="search" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          Owner or account, from its beginning
          <input
            type="search"
            placeholder="0x…"
            autocomplete="off"
            spellcheck={false}
            value={text}
            aria-invalid={owner !== "" && !isPrefix}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setTrail(["0"]);
            }}
          />
        </label>
        {owner !== "" && !isPrefix ? <span class="problem">0x and hexadecimal digits</span> : null}
        {totals.answer === null ? null : <span class="note">{height(totals.answer.data.accountCount)} accounts</span>}
      </form>
      <Proven asked={asked}>
        {({ data, next }) => (
          <>
            <List accounts={data} isLast={next === null} />
            <p class="pages">
              <button type="button" disabled={trail.length === 1} onClick={() => setTrail(trail.slice(0, -1))}>
                Previous
              </button>
              <span role="status">Page {trail.length}</span>
              <button
                type="button"
                disabled={next === null}
                onClick={() => next !== null && setTrail([...trail, next])}
              >
                Next
              </button>
            </p>
          </>
        )}
      </Proven>
    </section>
  );
}

const TONES = { flat: "plain", free: "good", restricted: "warn", liquidatable: "bad", unvalued: "plain" } as const;

function List({ accounts, isLast }: { readonly accounts: readonly AccountSummary[]; readonly isLast: boolean }) {
  return (
    <Table
      caption="Accounts"
      heads={[
        "Account",
        "Standing",
        "#Positions",
        "#Quote",
        "#Equity",
        "#Initial",
        "#Maintenance",
        "#Lag premium",
        "#Free",
      ]}
      isEmpty={accounts.length === 0}
      empty={isLast ? "None here." : "None among those that were looked through so far: Next goes on."}
    >
      {accounts.map(({ account, standing, positionCount, quote, margin }) => (
        <tr key={account}>
          <th scope="row">
            <a href={`#accounts/${account}`}>
              <Hex value={account} />
            </a>
          </th>
          <td>
            <Badge tone={TONES[standing]}>{standing}</Badge>
          </td>
          <td class="number">{positionCount}</td>
          <td class="number">{units(quote)}</td>
          {(["equity", "initial", "maintenance", "lagPremium", "free"] as const).map((field) => (
            <td key={field} class="number">
              {margin.kind === "valued" ? units(margin[field]) : "–"}
            </td>
          ))}
        </tr>
      ))}
    </Table>
  );
}
