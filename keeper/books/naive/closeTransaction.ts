import { checkConservation } from "./conservation.ts";
import type { Derivation } from "./Derivation.ts";
import { meetExpectations } from "./expectations.ts";
import type { Movement } from "./NaiveTransaction.ts";

function isSame(left: Movement, right: Movement): boolean {
  return left.account === right.account && left.asset === right.asset && left.amount === right.amount;
}

/** Every credit and debit is a deposit or withdrawal of the vault, one for one. */
function checkMovements(state: Derivation): void {
  const { vaultMovements, ledgerMovements } = state.transaction;
  const unmatched = [...vaultMovements];
  for (const movement of ledgerMovements) {
    const index = unmatched.findIndex((candidate) => isSame(candidate, movement));
    if (index >= 0) unmatched.splice(index, 1);
    else state.report("illegal", "moves what the vault did not", "PositionLedger", movement.logIndex);
  }
  for (const { logIndex } of unmatched) {
    state.report("illegal", "pays in or out what the ledger did not move", "CollateralVault", logIndex);
  }
}

/** What the accounts gained in quote is what the vault gained of the settlement asset. */
function checkSum(state: Derivation): void {
  const { settlementAsset, settlementScale } = state.input.immutables;
  const { quoteMoved, vaultMovements, lastLogIndex } = state.transaction;
  let custodyMoved = 0n;
  for (const { asset, amount } of vaultMovements) if (asset === settlementAsset) custodyMoved += amount;
  if (quoteMoved === settlementScale * custodyMoved) return;
  const detail = `moves ${quoteMoved} quote, and custody by ${custodyMoved}`;
  state.report("illegal", detail, "PositionLedger", lastLogIndex);
}

/** What has to follow what a keeper, a checkpoint or a conviction did. */
function checkSync(state: Derivation): void {
  const { pushes, replacement, conviction, slashed, setChange, quorumLoss } = state.transaction;
  for (const [purpose, { logIndex }] of pushes) {
    state.report("illegal", `restricts for a ${purpose} that does not follow`, "PositionLedger", logIndex);
  }
  if (replacement !== undefined) {
    state.report("illegal", "makes room for no checkpoint", "CheckpointRegistry", replacement.logIndex);
  }
  if (conviction !== undefined) {
    state.report("illegal", "convicts without a hard pause", "CheckpointRegistry", conviction.logIndex);
  }
  for (const { logIndex } of slashed) {
    state.report("illegal", "slashes a keeper without a conviction", "KeeperRegistry", logIndex);
  }
  if (setChange !== undefined) {
    state.report("illegal", "changes the keepers without a new set", "KeeperRegistry", setChange.logIndex);
  }
  if (quorumLoss?.isCertain === true) {
    state.report("illegal", "leaves fewer than a quorum without a hard pause", "KeeperRegistry", quorumLoss.logIndex);
  }
}

/** Reports what the logs of a transaction still owe when it ends. */
export function closeTransaction(state: Derivation): void {
  const { fills, sale } = state.transaction;
  meetExpectations(state, undefined);
  checkMovements(state);
  checkSum(state);
  checkSync(state);
  checkConservation(state);
  if (sale !== undefined) {
    state.report("illegal", "liquidates without an auction", "PositionLedger", sale.logIndex);
  }
  for (const { logIndex } of fills) {
    state.report("illegal", "fills an order without a trade", "OrderSettlement", logIndex);
  }
}
