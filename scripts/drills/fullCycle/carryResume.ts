import { concat } from "ethers";

import type { Verifiers } from "../../../keeper/domain/statementDigest.ts";
import type { SignedStatement } from "../../../keeper/domain/Statement.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { readStatements } from "../../../keeper/peers/statementsDocument.ts";
import type { Attempt } from "../../local/LocalChain.ts";
import type { Fleet } from "./Fleet.ts";
import type { FleetKeeper } from "./FleetKeeper.ts";
import type { Players } from "./Players.ts";

/** Waits until a keeper serves so many signatures to resume, its own and others', and returns them ascending by signer. */
export async function fetchResume(fleet: Fleet, keeper: FleetKeeper, count: number): Promise<SignedStatement[]> {
  const { chainId, contracts } = fleet.chain.deployment;
  const verifiers: Verifiers = {
    chainId: BigInt(chainId),
    registry: contracts.CheckpointRegistry,
    guard: contracts.SyncGuard,
  };
  let found: SignedStatement[] = [];
  await fleet.until(`${keeper.name} serves ${count} signatures to resume`, async () => {
    const { signal } = fleet;
    const response = await fetch(`${keeper.running.service.apiUrl}/v1/statements`, { signal });
    found = readStatements(await response.text(), verifiers).filter(({ statement }) => statement.kind === "resume");
    return found.length >= count;
  });
  return found.sort((one, other) => (one.signer < other.signer ? -1 : 1));
}

/** Anybody carries what keepers signed to the guard. */
export async function carryResume(
  { chain, members }: Fleet,
  { anybody }: Players,
  signed: readonly SignedStatement[],
): Promise<Attempt> {
  const statement = signed[0]?.statement;
  if (statement?.kind !== "resume") throw new KeeperError("DrillFailed", "nobody has signed to resume");
  const [quorum] = await chain.read([{ contract: "KeeperRegistry", fn: "quorum" }]);
  const set = { id: statement.certificate.setId, quorum, members };
  const signatures = concat(signed.map(({ signature }) => signature));
  return chain.attempt(anybody, "SyncGuard", "resume", [statement.certificate, set, signatures]);
}
