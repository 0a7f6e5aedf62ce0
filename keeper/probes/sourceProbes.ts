import { accountProof } from "./accountProof.ts";
import { batches } from "./batches.ts";
import { blockhash } from "./blockhash.ts";
import { blockhashHistory } from "./blockhashHistory.ts";
import { chainId } from "./chainId.ts";
import { clientVersion } from "./clientVersion.ts";
import { clock } from "./clock.ts";
import { finalizedTag, safeTag } from "./finalityTags.ts";
import { hashObjects } from "./hashObjects.ts";
import { headerHash } from "./headerHash.ts";
import { genesis, pinnedBlock } from "./knownBlock.ts";
import { newHeads } from "./newHeads.ts";
import { proofWindow } from "./proofWindow.ts";
import { reachable } from "./reachable.ts";
import { receipts } from "./receipts.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** The probes of one source in their order; the first decides whether the others are tried. */
export const SOURCE_PROBES: readonly SourceProbe[] = [
  ...[reachable, chainId, genesis, pinnedBlock, clientVersion, batches, headerHash, clock],
  ...[accountProof, proofWindow, hashObjects, receipts, blockhash, blockhashHistory, newHeads, safeTag, finalizedTag],
];
