import { ok, skip, warn } from "./Probe.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** Other names by which clients call themselves in `web3_clientVersion`. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  hardhat: ["hardhatnetwork"],
  geth: ["geth", "op-geth"],
  reth: ["reth", "op-reth"],
};
const MAX_SHOWN = 60;

/** Whether the client is the declared one: a majority of one client is no majority when that client is wrong. */
export const clientVersion: SourceProbe = {
  name: "client",
  run: async (context) => {
    const declared = context.facts.source.client;
    const answer = await context.try("web3_clientVersion");
    if (!answer.ok || typeof answer.result !== "string") return skip("it does not say its client");
    // eslint-disable-next-line no-control-regex -- what a server says is shown on a terminal
    const said = answer.result.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ").slice(0, MAX_SHOWN);
    const name = said.split("/")[0]?.trim().toLowerCase() ?? "";
    if (declared === "unknown") return warn(said, `declare it: url|operator|${name === "" ? "client" : name}`);
    const names = ALIASES[declared.toLowerCase()] ?? [declared.toLowerCase()];
    if (names.some((alias) => name.startsWith(alias))) return ok(said);
    return warn(
      `declared as ${declared}, says ${said}`,
      "distinct clients are counted by what is declared: correct it",
    );
  },
};
