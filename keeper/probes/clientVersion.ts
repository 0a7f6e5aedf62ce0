import { printable } from "../lib/printable.ts";
import { ok, skip, warn } from "./Probe.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** Other names by which clients call themselves in `web3_clientVersion`. */
const ALIASES: ReadonlyMap<string, readonly string[]> = new Map([
  ["hardhat", ["hardhatnetwork"]],
  ["geth", ["geth", "op-geth"]],
  ["reth", ["reth", "op-reth"]],
]);
const MAX_SHOWN = 60;

/** Whether the client is the declared one: a majority of one client is no majority when that client is wrong. */
export const clientVersion: SourceProbe = {
  name: "client",
  run: async (context) => {
    const declared = context.facts.source.client;
    const answer = await context.try("web3_clientVersion");
    if (!answer.ok || typeof answer.result !== "string") return skip("it does not say its client");
    const said = printable(answer.result, MAX_SHOWN);
    const name = said.split("/")[0]?.trim().toLowerCase() ?? "";
    if (declared === "unknown") return warn(said, `declare it: url|operator|${name === "" ? "client" : name}`);
    const names = ALIASES.get(declared.toLowerCase()) ?? [declared.toLowerCase()];
    if (names.some((alias) => name.startsWith(alias))) return ok(said);
    return warn(
      `declared as ${declared}, says ${said}`,
      "distinct clients are counted by what is declared: correct it",
    );
  },
};
