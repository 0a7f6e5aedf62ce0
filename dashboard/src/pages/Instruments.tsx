import type { Greeks, Instrument } from "../../../client/index.ts";
import { Proven } from "../components/Proven.tsx";
import { Badge, Table } from "../components/Table.tsx";
import { chainMoment, percent, units } from "../format.ts";
import { useAsked } from "../state/hooks.ts";
import type { KeeperStore, KeeperView } from "../state/KeeperStore.ts";

/** What is traded, and the risk of all of it. */
export function Instruments({ store, view }: { readonly store: KeeperStore; readonly view: KeeperView }) {
  const instruments = useAsked("instruments", view.revision, () => store.client.instruments());
  const totals = useAsked("totals", view.revision, () => store.client.totals());
  return (
    <>
      <section aria-labelledby="instruments">
        <h2 id="instruments">Instruments</h2>
        <Proven asked={instruments}>{({ data }) => <List instruments={data} />}</Proven>
      </section>
      <section aria-labelledby="totals">
        <h2 id="totals">All positions, by price feed</h2>
        <Proven asked={totals}>
          {({ data }) => (
            <>
              <Table
                caption="Greeks of all long positions of accounts, by price feed"
                heads={["Feed", "Instruments", "#Delta", "#Gamma", "#Vega", "#Theta a year", "#Delta left at clearing"]}
              >
                {data.feeds.map(({ feed, instruments: members, open, clearing }) => (
                  <tr key={feed}>
                    <th scope="row">{feed}</th>
                    <td>{members.join(", ")}</td>
                    <GreekCells greeks={open} />
                    <td class="number">{clearing === null ? "–" : units(clearing.delta, 18, 4)}</td>
                  </tr>
                ))}
              </Table>
              <p class="note">
                {data.accountCount} accounts. Insurance fund {units(data.fund.quote)}, target {units(data.fund.target)}.
                Debts {units(data.debt)}.
              </p>
            </>
          )}
        </Proven>
      </section>
    </>
  );
}

/** Four cells. */
export function GreekCells({ greeks }: { readonly greeks: Greeks | null }) {
  return (
    <>
      {(["delta", "gamma", "vega", "theta"] as const).map((name) => (
        <td key={name} class="number">
          {greeks === null ? "–" : units(greeks[name], 18, name === "gamma" ? 8 : 4)}
        </td>
      ))}
    </>
  );
}

function List({ instruments }: { readonly instruments: readonly Instrument[] }) {
  return (
    <Table
      caption="Instruments"
      heads={[
        ...["Instrument", "Price", "#Mark", "#Open interest", "#Lag premium", "#Funding premium", "Terms"],
        ...["#Delta", "#Gamma", "#Vega", "#Theta a year"],
      ]}
      isEmpty={instruments.length === 0}
      empty="None is listed."
    >
      {instruments.map((instrument) => (
        <tr key={instrument.instrument}>
          <th scope="row">
            {instrument.instrument} {instrument.kind}
            {instrument.option === null ? null : (
              <span class="reason">
                {units(instrument.option.strike)} until {chainMoment(instrument.option.expiry)}
              </span>
            )}
          </th>
          <td>
            {instrument.price === null ? <Badge tone="bad">{instrument.priceStatus}</Badge> : units(instrument.price)}
          </td>
          <td class="number">{instrument.mark === null ? "–" : units(instrument.mark)}</td>
          <td class="number">
            {units(instrument.openInterest, 18, 4)} <small>of {units(instrument.maxOpenInterest, 18, 0)}</small>
          </td>
          <td class="number">{instrument.lagPremiumPpm === null ? "–" : percent(instrument.lagPremiumPpm)}</td>
          <td class="number">
            {instrument.funding === null ? "–" : `${units(instrument.funding.premiumPpb, 7, 4)} %`}
          </td>
          <td>
            {percent(instrument.terms.initialPpm, 0)} initial, {percent(instrument.terms.maintenancePpm, 0)} maintenance
          </td>
          <GreekCells greeks={instrument.greeks?.unit ?? null} />
        </tr>
      ))}
    </Table>
  );
}
