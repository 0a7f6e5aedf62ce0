// The job's path comes in the environment: ponder passes no arguments on.
import { readFileSync } from "node:fs";

import { createConfig } from "ponder";

const { url, chainId, head, vault, abi, ponder } = JSON.parse(readFileSync(process.env.BENCH_JOB, "utf8"));

// eslint-disable-next-line import-x/no-default-export -- where ponder looks for it
export default createConfig({
  database: { kind: "pglite" },
  // What `ponder` of the job does not name is at its default.
  chains: { local: { id: chainId, rpc: url, ...ponder } },
  contracts: { Vault: { abi, address: vault, chain: "local", startBlock: head } },
});
