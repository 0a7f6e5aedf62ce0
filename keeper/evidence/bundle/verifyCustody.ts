import type { BookBlock } from "../../books/BookBlock.ts";
import { storage as vaultStorage } from "../../books/generated/CollateralVault.ts";
import { verifyAccountProof, verifyStorageProof } from "../../chain/verify/proof.ts";
import type { Header } from "../../chain/verify/header.ts";
import type { Finding } from "../../domain/Finding.ts";
import { balanceSlot, describeTokenSlot, type TokenSlot } from "../../domain/TokenSlot.ts";
import type { Hash } from "../../lib/hex.ts";
import { describeShortage } from "../../loop/Custody.ts";
import type { Bundle } from "./Bundle.ts";
import { BundleProblem } from "./BundleProblem.ts";
import { blobOf } from "./bundleText.ts";
import { rootsAfter, type StepTries } from "./judgeStep.ts";
import type { StepReplay } from "./replayStep.ts";
import { checked } from "./verifyChain.ts";

/** What a bundle shows of custody, and what it takes for given. */
export interface VerifiedCustody {
  readonly findings: readonly Finding[];
  readonly given: readonly string[];
}

/** What the tokens' proofs are held against. */
export interface CustodyStep {
  readonly tries: StepTries;
  readonly replay: StepReplay;
  /** A word before the step. */
  readonly read: (book: "CollateralVault", slot: Hash) => bigint;
  readonly header: Header;
  readonly block: BookBlock;
}

/**
 * What the vault is short of after the step: each declared token's own word, proven under the block's state root, against the vault's
 * total by the events, where that is what the chain has. Nothing where no finding is about custody.
 *
 * @throws BundleProblem `incomplete` without the tokens' proofs
 */
export function verifyCustody(bundle: Bundle, claims: readonly Finding[], step: CustodyStep): VerifiedCustody {
  if (!claims.some(({ cause }) => cause === "custody-short")) return { findings: [], given: [] };
  const { tries, replay, read, header, block } = step;
  const role = `tokens/${header.number}`;
  const proofs = blobOf(bundle, role);
  if (proofs === undefined) {
    throw new BundleProblem("incomplete", "custody", role, "the tokens' proofs after the step are missing");
  }
  const root = checked("custody", role, () => rootsAfter(tries, replay.writes).get("CollateralVault"));
  if (root !== tries.after?.CollateralVault?.storageRoot) return { findings: [], given: [] };
  const { addresses } = bundle.manifest.settings;
  const vault = addresses.CollateralVault;
  return checked("custody", role, () => {
    const tokens = readTokenSlots(bundle.manifest.settings["tokenSlots"]);
    const list: readonly unknown[] = Array.isArray(proofs) ? proofs : [];
    if (list.length !== tokens.length) throw new Error(`${list.length} proofs for ${tokens.length} tokens`);
    const findings = tokens.flatMap((token, index): Finding[] => {
      const held = heldOf(token, balanceSlot(token, vault), header, list[index]);
      const slot = vaultStorage.assets.slot(token.token);
      const word = replay.writes.get("CollateralVault")?.get(slot) ?? read("CollateralVault", slot);
      const { held: owed } = vaultStorage.assets.decode(word);
      if (held >= owed) return [];
      const at = { contract: "CollateralVault", blockNumber: block.number, blockHash: block.hash } as const;
      const detail = describeShortage(token.token, held, owed);
      return [{ ...at, cause: "custody-short", detail, logIndex: null }];
    });
    return { findings, given: tokens.map((token) => `balances of a token are at ${describeTokenSlot(token)}`) };
  });
}

/** What a token's word says; 0 where there is no token. */
function heldOf({ token }: TokenSlot, slot: Hash, { stateRoot }: Header, proof: unknown): bigint {
  const { accountProof, storageProof } = proof as { readonly accountProof: unknown; readonly storageProof: unknown };
  const account = verifyAccountProof({ stateRoot, address: token, proof: accountProof });
  if (account === null) return 0n;
  return verifyStorageProof({ storageRoot: account.storageRoot, slot, proof: storageProof, allowsZeroLeaf: true });
}

function readTokenSlots(value: unknown): readonly TokenSlot[] {
  if (!Array.isArray(value)) throw new Error("the settings declare no token slots");
  return (value as readonly TokenSlot[]).map(({ token, slot, order }) => {
    const isRead = /^0x[0-9a-f]{40}$/.test(token) && /^0x[0-9a-f]{64}$/.test(slot);
    if (!isRead || !["solidity", "vyper"].includes(order)) throw new Error("a declared token slot is none");
    return { token, slot, order };
  });
}
