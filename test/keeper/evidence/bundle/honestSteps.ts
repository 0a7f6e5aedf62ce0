import { Books } from "../../../../keeper/books/Books.ts";
import { decodeHeader, encodeHeader } from "../../../../keeper/chain/verify/header.ts";
import { verifyReceipts } from "../../../../keeper/chain/verify/receipts.ts";
import { verifyContract } from "../../../../keeper/chain/verify/blockFacts.ts";
import { BOOK_NAMES, type BookName } from "../../../../keeper/domain/bookSet.ts";
import type { Finding } from "../../../../keeper/domain/Finding.ts";
import { bytesToHex, type Hash } from "../../../../keeper/lib/hex.ts";
import type { EvidenceBlock } from "../../../../keeper/loop/EvidenceBlock.ts";
import type { KeeperOptions } from "../../../../keeper/loop/KeeperOptions.ts";
import { PriceTrail } from "../../../../keeper/loop/PriceTrail.ts";
import { receiptFrames } from "../../../../keeper/loop/receiptFrames.ts";
import type { ProvenBooks } from "../../../../keeper/loop/requestBlock.ts";
import { Transition, type TransitionFacts } from "../../../../keeper/loop/Transition.ts";
import { toStepBlock } from "../../../../keeper/evidence/bundle/collectStep.ts";
import type { World } from "../../../helpers/keeper/World.ts";

/** A block by its number, with all that proves it, read and verified without the keeper's loop. */
export async function readEvidenceBlock(world: World, number: number): Promise<EvidenceBlock> {
  const block = (await world.send("eth_getBlockByNumber", `0x${number.toString(16)}`, false)) as {
    readonly hash: Hash;
    readonly transactions: readonly Hash[];
  };
  const { rlp } = encodeHeader(block);
  const header = decodeHeader(rlp);
  const receipts = await Promise.all(block.transactions.map((hash) => world.send("eth_getTransactionReceipt", hash)));
  const answers = await Promise.all(
    BOOK_NAMES.map((name) => world.send("eth_getProof", world.addresses[name], [], { blockHash: block.hash })),
  );
  const accounts = answers as { readonly accountProof: readonly Hash[] }[];
  const proven = BOOK_NAMES.map((name, index) => {
    return [name, verifyContract(header, world.addresses[name], accounts[index]!.accountProof)] as const;
  });
  return {
    ...{ hash: block.hash, header: { ...header, rlp: "0x" }, encoding: bytesToHex(rlp), accounts },
    proven: Object.fromEntries(proven) as unknown as ProvenBooks,
    tokens: [],
    logs: verifyReceipts(receipts, header.receiptsRoot),
    frames: receiptFrames(
      receipts.map((value) => ({ ok: true, value })),
      false,
    ),
  };
}

/** What an attacker says of an honest block. */
export interface Accusation {
  readonly cause: Finding["cause"];
  readonly contract: BookName;
}

/**
 * Replays a chain block by block, and hands over, for each, the step that an attacker would say diverges: with everything that
 * truly proves it.
 */
export async function* honestSteps(
  world: World,
  options: KeeperOptions,
  accuse: (block: EvidenceBlock) => Accusation,
): AsyncGenerator<Transition> {
  const { addresses, immutables } = world;
  const books = new Books({ addresses, immutables });
  const trail = new PriceTrail();
  const head = Number(await world.send("eth_blockNumber"));
  let base: EvidenceBlock | null = null;
  for (let number = 1; number <= head; number += 1) {
    const block = await readEvidenceBlock(world, number);
    const step = toStepBlock(block, addresses);
    const found = books.apply(step);
    if (found.length > 0) throw new Error(`block ${number} is not honest: ${found[0]!.detail}`);
    if (base !== null) {
      const at = { blockNumber: number, blockHash: block.hash, detail: "so they say", logIndex: null };
      const facts: TransitionFacts = {
        kind: "Diverged",
        findings: [{ ...at, ...accuse(block) }],
        ...{ detail: null, base, blocks: [block], lack: null },
      };
      yield new Transition(facts, { options, books, trail });
    }
    trail.see(block, step.logs, () => true);
    base = block;
  }
}
