import { verifyMerkleProof } from "@ethereumjs/mpt";
import { expect } from "chai";
import { network } from "hardhat";

import { verifyAccountProof, verifyStorageProof } from "../../../keeper/chain/verify/proof.ts";
import { VerificationError } from "../../../keeper/chain/verify/VerificationError.ts";
import { bytesToBigint } from "../../../keeper/lib/bytes.ts";
import { bigintToHex32, bytesToHex, hexToBytes, type Hash } from "../../../keeper/lib/hex.ts";
import { decodeRlp, RlpError } from "../../../keeper/lib/rlp.ts";
import { samples } from "../../helpers/samples.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import {
  ReferenceTrie,
  slotOf,
  SLOTS_SHARING_NINE_NIBBLES,
  SLOTS_SHARING_TEN_NIBBLES,
} from "../../keeper/trie/referenceTrie.ts";
import { mutateProof, type MutatedProof } from "./mutateProof.ts";
import { openProofChain, ProofHarness, type ProofOutcome } from "./proofHarness.ts";
import { callOf, readRealProofs, type RealProof } from "./realProofs.ts";

const { ethers } = await openProofChain(network);
const CHUNK = 500;
const MUTATIONS = samples(10_000, CHUNK);

/** What a verifier makes of a proof: a value, or why not. */
type Judgement = { readonly value: Hash } | { readonly refusal: string };

/** Proofs of tries so deep that nodes are embedded, with these listed and left out, and of a trie of 300 words. */
async function craftProofs(): Promise<RealProof[]> {
  const deep = [...SLOTS_SHARING_TEN_NIBBLES.flat(), ...SLOTS_SHARING_NINE_NIBBLES];
  const wide = Array.from({ length: 300 }, (_, index) => slotOf(index));
  const proofs: RealProof[] = [];
  for (const slots of [deep, wide]) {
    const trie = await ReferenceTrie.of(slots.map((slot, index) => [slot, BigInt(index + 1)]));
    for (const [index, slot] of slots.slice(0, 10).entries()) {
      for (const answer of [await trie.prove(slot), await trie.proveVerbosely(slot)]) {
        const value = bigintToHex32(BigInt(index + 1));
        const nodes = answer.proof as RealProof["nodes"];
        proofs.push({ name: `crafted ${slot}`, kind: "slot", root: trie.root(), key: slot, nodes, value });
      }
    }
  }
  return proofs;
}

/** The keeper's own verifier. */
function judgeByKeeper({ kind, root, key, nodes }: RealProof): Judgement {
  try {
    if (kind === "account") {
      const account = verifyAccountProof({ stateRoot: root, address: key, proof: nodes });
      return account === null ? { refusal: "absent" } : { value: account.storageRoot };
    }
    const word = verifyStorageProof({ storageRoot: root, slot: key, proof: nodes });
    return word === 0n ? { refusal: "absent" } : { value: bigintToHex32(word) };
  } catch (error: unknown) {
    if (!(error instanceof VerificationError)) throw error;
    return { refusal: String(error.payload["detail"] ?? error.payload["rlp"] ?? error.code) };
  }
}

/** Somebody else's: `@ethereumjs/mpt`, and the strict RLP of its value. */
async function judgeByLibrary({ kind, root, key, nodes }: RealProof): Promise<Judgement> {
  let value: Uint8Array | null;
  try {
    value = await verifyMerkleProof(
      hexToBytes(key),
      nodes.map((node) => hexToBytes(node)),
      {
        root: hexToBytes(root),
        useKeyHashing: true,
      },
    );
  } catch (error: unknown) {
    return { refusal: String(error) };
  }
  if (value === null) return { refusal: "absent" };
  try {
    const item = decodeRlp(value);
    if (kind === "account") {
      const storageRoot = item instanceof Uint8Array || item.length !== 4 ? undefined : item[2];
      if (!(storageRoot instanceof Uint8Array) || storageRoot.length !== 32) return { refusal: "no account" };
      return { value: bytesToHex(storageRoot) };
    }
    if (!(item instanceof Uint8Array) || item.length === 0 || item.length > 32 || item[0] === 0) {
      return { refusal: "no word" };
    }
    return { value: bigintToHex32(bytesToBigint(item)) };
  } catch (error: unknown) {
    if (!(error instanceof RlpError)) throw error;
    return { refusal: error.code };
  }
}

const byChain = (outcome: ProofOutcome): Judgement =>
  outcome.isAccepted ? { value: outcome.value } : { refusal: outcome.error };

/**
 * Where the verifiers differ by design, and in nothing else:
 *
 * - The contract looks at the path only. Under a root that no client wrote, siblings and the rest of a node may be what no
 *   node has; the keeper refuses these, the contract need not, since a chain's root commits to nodes of clients.
 * - The library collects the nodes by their hashes: it takes them in any order, twice, and with others among them. What it
 *   finds is the trie's all the same.
 * - The library takes any flag of a path.
 */
const NOT_LOOKED_AT_ON_CHAIN = [
  "a branch with a value, where all keys are equally long",
  "a branch of fewer than two",
  "a child is neither a hash nor a node",
  "a child that long has to be hashed",
  "an extension does not lead to a branch",
  "padding of the path is not zero",
  "RlpTruncated",
  "RlpNotCanonical",
];
const NOT_LOOKED_AT_BY_LIBRARY = [
  "INVALID_EXTRA_PROOF_ELEMENT",
  "INVALID_LARGE_NODE",
  "INVALID_SHORT_NODE",
  "UNKNOWN_NODE_PREFIX",
];

/** How often what came out. */
interface Counts {
  agreed: number;
  agreedOnValue: number;
  looserOnChain: number;
  looserInLibrary: number;
}

/** Checks one proof's judgements against each other, and counts them. */
function compare(mutated: MutatedProof, chain: Judgement, keeper: Judgement, library: Judgement, counts: Counts): void {
  const context = JSON.stringify({ ...mutated, chain, keeper, library });
  const values = [chain, keeper, library].flatMap((judgement) => ("value" in judgement ? [judgement.value] : []));
  expect(new Set(values).size, context).to.be.at.most(1);
  // Under the root that the chain has, a key has its value or none.
  if (!mutated.isRehashed && !mutated.mutation.startsWith("other") && values.length > 0) {
    expect(values[0], context).to.equal(mutated.proof.value);
  }
  if (values.length === 0 || values.length === 3) counts.agreed += 1;
  if (values.length === 3) counts.agreedOnValue += 1;
  if ("value" in keeper) expect(chain, context).to.deep.equal(keeper);
  if ("value" in chain && "refusal" in keeper) {
    counts.looserOnChain += 1;
    expect(mutated.isRehashed, context).to.equal(true);
    expect(keeper.refusal, context).to.be.oneOf(NOT_LOOKED_AT_ON_CHAIN);
  }
  if ("value" in library && "refusal" in chain) {
    counts.looserInLibrary += 1;
    expect(chain.refusal, context).to.be.oneOf(NOT_LOOKED_AT_BY_LIBRARY);
    if (!mutated.isRehashed) expect(chain.refusal, context).to.not.equal("UNKNOWN_NODE_PREFIX");
  }
}

describe("StorageRootProof > beside other verifiers", function () {
  this.timeout(900_000);

  it(`judges ${MUTATIONS} mutated proofs as the keeper and @ethereumjs/mpt do, but where it need not`, async () => {
    const harness = await ProofHarness.deploy(ethers);
    const random = new SeededRandom(chooseSeed(20_260_418));
    const [real, crafted] = [readRealProofs(), await craftProofs()];
    const all = [...real, ...crafted];
    const counts: Counts = { agreed: 0, agreedOnValue: 0, looserOnChain: 0, looserInLibrary: 0 };
    for (let done = 0; done < MUTATIONS; done += CHUNK) {
      const chunk: MutatedProof[] = Array.from({ length: CHUNK }, () => {
        // Fewer of the real ones, which are long.
        const proofs = random.below(8) === 0 ? real : crafted;
        return mutateProof(proofs[random.below(proofs.length)]!, all[random.below(all.length)]!, random);
      });
      const outcomes = await harness.judgeAll(chunk.map(({ proof }) => callOf(proof)));
      for (const [index, mutated] of chunk.entries()) {
        const library = await judgeByLibrary(mutated.proof);
        compare(mutated, byChain(outcomes[index]!), judgeByKeeper(mutated.proof), library, counts);
      }
    }
    console.log(`      ${JSON.stringify(counts)}`);
    expect(counts.agreedOnValue).to.be.above(MUTATIONS / 20);
    expect(counts.agreed - counts.agreedOnValue).to.be.above(MUTATIONS / 2);
    expect(Math.min(counts.looserOnChain, counts.looserInLibrary)).to.be.above(0);
  });
});
