import type { Immutables } from "./domain/bookSet.ts";
import type { Deployment } from "./config/deployment.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import { selectorOf } from "./actions/plan/abi.ts";
import type { Source } from "./chain/sources/Source.ts";
import type { Address } from "./lib/hex.ts";

const WORD = /^0x[0-9a-f]{64}$/;

async function readWord(source: Source, to: Address, getter: string, deadlineMs: number): Promise<bigint> {
  const call = { to, data: selectorOf(`${getter}()`) };
  const value = await source.request("eth_call", [call, "latest"], { deadlineMs });
  if (typeof value === "string" && WORD.test(value)) return BigInt(value);
  const message = `${to} does not answer ${getter}(): is the deployment file of this chain?`;
  throw new KeeperError("DeploymentMismatch", message, { address: to, getter });
}

/**
 * Checks that a source serves the deployment's chain and reads what the contracts hold in their code.
 *
 * The values belong to the code, whose hash every account proof commits to; a change of code is a divergence.
 *
 * @throws KeeperError `ChainMismatch`, `DeploymentMismatch`, or a source's fault.
 */
export async function readContracts(source: Source, deployment: Deployment, deadlineMs: number): Promise<Immutables> {
  const chainId = await source.request("eth_chainId", [], { deadlineMs });
  if (typeof chainId !== "string" || Number(chainId) !== deployment.chainId) {
    const message = `source ${source.id} serves chain ${String(chainId)}, the deployment is on ${deployment.chainId}`;
    throw new KeeperError("ChainMismatch", message, { source: source.id, chainId, expected: deployment.chainId });
  }
  const { PositionLedger: ledger, SyncGuard: guard } = deployment.contracts;
  const read = (to: Address, getter: string): Promise<bigint> => readWord(source, to, getter, deadlineMs);
  const [asset, settlementScale, staleLimit, softTime, coolDown, grace] = await Promise.all([
    read(ledger, "SETTLEMENT_ASSET"),
    read(ledger, "SETTLEMENT_SCALE"),
    read(ledger, "STALE_LIMIT"),
    read(guard, "SOFT_TIME"),
    read(guard, "COOL_DOWN"),
    read(guard, "GRACE"),
  ]);
  const settlementAsset: Address = `0x${asset.toString(16).padStart(40, "0")}`;
  return { settlementAsset, settlementScale, staleLimit, softTime, coolDown, grace };
}
