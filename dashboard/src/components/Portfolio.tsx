import type { Account } from "../../../client/index.ts";
import { chainMoment, units } from "../format.ts";
import { GreekCells } from "../pages/Instruments.tsx";
import { useAsked } from "../state/hooks.ts";
import type { KeeperStore, KeeperView } from "../state/KeeperStore.ts";
import { Proven } from "./Proven.tsx";
import { Badge, Hex, Table } from "./Table.tsx";

/** One account with everything. */
export function Portfolio({
  store,
  view,
  account,
}: {
  readonly store: KeeperStore;
  readonly view: KeeperView;
  readonly account: string;
}) {
  const asked = useAsked(`account ${account}`, view.revision, () => store.client.account(account));
  return (
    <section aria-labelledby="account">
      <p>
        <a href="#accounts">All accounts</a>
      </p>
      <h2 id="account">
        Account <code class="long">{account}</code>
      </h2>
      <Proven asked={asked}>
        {({ data }) => (
          <>
            <MarginOf account={data} />
            <Positions account={data} />
            <Holdings account={data} />
          </>
        )}
      </Proven>
    </section>
  );
}

function MarginOf({ account: { margin, standing, owner, quote } }: { readonly account: Account }) {
  return (
    <>
      <p class="lead">
        <Badge tone={standing === "liquidatable" ? "bad" : standing === "restricted" ? "warn" : "plain"}>
          {standing}
        </Badge>{" "}
        Owner <Hex value={owner} />
      </p>
      {margin.kind === "valued" ? (
        <dl class="figures wide">
          {(
            [
              ["Quote", quote],
              ["Equity", margin.equity],
              ["Initial requirement", margin.initial],
              ["Maintenance requirement", margin.maintenance],
              ["Lag premium", margin.lagPremium],
              ["Free", margin.free],
            ] as const
          ).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{units(value)}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p class="problem">Not valued: {margin.detail}</p>
      )}
      {margin.kind === "valued" && !margin.hasValidPrices ? (
        <p class="note">A price is not valid: the worst within its feed's bounds stands for it.</p>
      ) : null}
    </>
  );
}

function Positions({ account: { positions, greeks } }: { readonly account: Account }) {
  return (
    <>
      <h3>Positions</h3>
      <Table
        caption="Positions"
        heads={[
          "Instrument",
          "#Size",
          "#Mark",
          "#Value",
          "#Funding",
          "Since",
          "#Delta",
          "#Gamma",
          "#Vega",
          "#Theta a year",
        ]}
        isEmpty={positions.length === 0}
        empty="None."
      >
        {positions.map((position) => (
          <tr key={position.instrument}>
            <th scope="row">
              {position.instrument} {position.kind}
            </th>
            <td class="number">{units(position.size, 18, 4)}</td>
            <td class="number">{position.mark === null ? "–" : units(position.mark)}</td>
            <td class="number">{position.value === null ? "–" : units(position.value)}</td>
            <td class="number">{units(position.funding, 18, 4)}</td>
            <td>{chainMoment(position.increasedAt)}</td>
            <GreekCells greeks={position.greeks} />
          </tr>
        ))}
      </Table>
      {greeks.length === 0 ? null : (
        <Table caption="Greeks by price feed" heads={["Feed", "#Delta", "#Gamma", "#Vega", "#Theta a year"]}>
          {greeks.map(({ feed, greeks: sum }) => (
            <tr key={feed}>
              <th scope="row">All on feed {feed}</th>
              <GreekCells greeks={sum} />
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}

function Holdings({ account: { collateral } }: { readonly account: Account }) {
  return (
    <>
      <h3>Other collateral</h3>
      <Table
        caption="Other collateral"
        heads={["Asset", "#Units", "#Haircut"]}
        isEmpty={collateral.length === 0}
        empty="None."
      >
        {collateral.map(({ asset, balance, haircutPpm }) => (
          <tr key={asset}>
            <th scope="row">
              <Hex value={asset} />
            </th>
            <td class="number">{units(balance, 0, 0)}</td>
            <td class="number">{units(haircutPpm, 4)} %</td>
          </tr>
        ))}
      </Table>
    </>
  );
}
