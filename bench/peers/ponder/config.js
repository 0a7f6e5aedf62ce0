// The job's path comes in the environment: ponder passes no arguments on.
import { readFileSync } from "node:fs";

import { createConfig } from "ponder";

const { url, chainId, head, sources } = JSON.parse(readFileSync(process.env.BENCH_JOB, "utf8"));
const byName = new Map();
for (const { contract, address, abi } of sources) {
  const known = byName.get(contract);
  if (known === undefined) byName.set(contract, { abi, address: [address] });
  else known.address.push(address);
}

// eslint-disable-next-line import-x/no-default-export -- where ponder looks for it
export default createConfig({
  database: { kind: "pglite" },
  chains: { local: { id: chainId, rpc: url } },
  contracts: Object.fromEntries(
    [...byName].map(([name, contract]) => [name, { ...contract, chain: "local", startBlock: 0, endBlock: head }]),
  ),
});
