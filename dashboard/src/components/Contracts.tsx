import type { StatusDocument } from "../../../client/index.ts";
import { Badge, Hex, Table } from "./Table.tsx";

/** The books' root against the chain's, contract by contract. */
export function Contracts({ status: { contracts } }: { readonly status: StatusDocument }) {
  return (
    <section aria-labelledby="contracts">
      <h2 id="contracts">Books against chain</h2>
      <Table
        caption="Storage roots by the books and by the chain"
        heads={["Contract", "Books", "Chain, proven", ""]}
        isEmpty={contracts.length === 0}
        empty="The keeper has no books yet."
      >
        {contracts.map(({ contract, address, books, chain }) => {
          const tone = chain === null ? "plain" : books === chain ? "good" : "bad";
          return (
            <tr key={contract} data-contract={contract} data-tone={tone}>
              <th scope="row" title={address}>
                {contract}
              </th>
              <td>
                <Hex value={books} />
              </td>
              <td>{chain === null ? "not proven yet" : <Hex value={chain} />}</td>
              <td>
                <Badge tone={tone}>{chain === null ? "awaited" : books === chain ? "equal" : "differ"}</Badge>
              </td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}
