/**
 * `forta-agent run`, its own command, with the wait between two looks at the head that its table has for the network: fifteen
 * seconds for one that it does not know. It has no setting for it; BENCH_INTERVAL_SECONDS stands in for the network's entry.
 */
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const cli = join(import.meta.dirname, "..", "node_modules", "forta-agent", "dist", "cli");
const seconds = process.env.BENCH_INTERVAL_SECONDS;
if (seconds !== undefined) {
  const utils = require(join(cli, "utils"));
  const networkOf = utils.getBlockChainNetworkConfig;
  utils.getBlockChainNetworkConfig = (id) => ({ ...networkOf(id), blockTimeInSeconds: Number(seconds) });
}
require(join(cli, "index.js"));
