import { join } from "node:path";
import { parseArgs } from "node:util";

import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import config from "../hardhat.config.ts";
import { buildContracts } from "../scripts/local/buildContracts.ts";
import { PROJECT_ROOT } from "../scripts/local/projectRoot.ts";
import { gasRows, gasTable } from "./gas/gasRows.ts";
import { measureGas } from "./gas/measureGas.ts";
import { measureMorpho } from "./gas/peers/measureMorpho.ts";
import { checkSnapshot, readSnapshot, toSnapshot, writeSnapshot } from "./gas/snapshot.ts";

/**
 * What each operation costs, from a steady state and on a chain that is the same in every run:
 * `npm run bench:gas -- [--json] [--update [--accept-worse]]`.
 *
 * JSON: `{rows: [{operation, gas, target, peer: {name, gas, measured} | null}]}`. `--update` rewrites
 * bench/gas.snapshot.json, which the tests hold every change to; it ends with 1 when a target is missed by more than
 * before, unless that is accepted.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
    "accept-worse": { type: "boolean", default: false },
  },
});
const hre = await createHardhatRuntimeEnvironment(
  config,
  { config: join(PROJECT_ROOT, "hardhat.config.ts") },
  PROJECT_ROOT,
);
await buildContracts(hre, (line) => void process.stderr.write(`${line}\n`));
const settings = hre.config.solidity.profiles["default"]?.compilers[0]?.settings as Record<string, unknown>;
const measures = await measureGas(hre.network);
const rows = gasRows(measures, await measureMorpho(hre.network, settings));

process.stdout.write(values.json ? `${JSON.stringify({ rows })}\n` : `${gasTable(rows)}\n`);
if (values.update) {
  const snapshot = toSnapshot(measures, await readSnapshot(), values["accept-worse"]);
  await writeSnapshot(snapshot);
  const worse = checkSnapshot(measures, snapshot);
  for (const line of worse) process.stderr.write(`${line}\n`);
  process.exit(worse.length === 0 ? 0 : 1);
}
process.exit(0);
