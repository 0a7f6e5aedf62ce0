import { expect } from "chai";

import { concatBytes } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes } from "../../../keeper/lib/hex.ts";
import { keccak256 } from "../../../keeper/lib/keccak.ts";
import { encodeRlp, type RlpInput } from "../../../keeper/lib/rlp.ts";
import { encodePath } from "../../../keeper/trie/nodeEncoding.ts";
import { ProofError } from "../../../keeper/trie/ProofError.ts";
import { decodeProofNode } from "../../../keeper/trie/proofNode.ts";
import { proveValue, walkProof, type ProofQuestion } from "../../../keeper/trie/walkProof.ts";
import { mutateProof } from "../../contracts/proofs/mutateProof.ts";
import { readRealProofs, type RealProof } from "../../contracts/proofs/realProofs.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { plainWalk } from "./plainWalk.ts";
import { ReferenceTrie, slotOf, SLOTS_SHARING_NINE_NIBBLES, SLOTS_SHARING_TEN_NIBBLES } from "./referenceTrie.ts";

const MUTATIONS = 10_000;

/** Proofs of words and of their absence, in tries so deep that nodes are embedded, with these listed and left out. */
async function craftProofs(): Promise<RealProof[]> {
  const deep = [...SLOTS_SHARING_TEN_NIBBLES.flat(), ...SLOTS_SHARING_NINE_NIBBLES];
  const wide = Array.from({ length: 200 }, (_, index) => slotOf(index));
  const proofs: RealProof[] = [];
  for (const slots of [deep, wide, deep.slice(0, 1)]) {
    const trie = await ReferenceTrie.of(slots.map((slot, index) => [slot, BigInt(index + 1)]));
    for (const slot of [...slots.slice(0, 8), slotOf(777), slotOf(778)]) {
      for (const { proof } of [await trie.prove(slot), await trie.proveVerbosely(slot)]) {
        proofs.push({ name: slot, kind: "slot", root: trie.root(), key: slot, nodes: [...proof], value: "0x" });
      }
    }
  }
  return proofs;
}

/** A value as hex, null for absence, or the refusal's code, with all that it says. */
function outcomeOf(prove: (question: ProofQuestion) => Uint8Array | null, question: ProofQuestion): unknown {
  try {
    const value = prove(question);
    return { value: value === null ? null : bytesToHex(value) };
  } catch (error: unknown) {
    if (!(error instanceof ProofError)) throw error;
    return { code: error.code, message: error.message, payload: error.payload };
  }
}

describe("walkProof", function () {
  this.timeout(120_000);

  it(`says with and without the path the same of ${MUTATIONS} mutated proofs, and what the plain walk says`, async () => {
    const random = new SeededRandom(chooseSeed(20_260_303));
    const [real, crafted] = [readRealProofs(), await craftProofs()];
    const all = [...real, ...crafted];
    const counts = { proven: 0, absent: 0, refused: 0 };
    for (let count = 0; count < MUTATIONS; count += 1) {
      const proofs = random.below(8) === 0 ? real : crafted;
      const { proof, mutation } = mutateProof(
        proofs[random.below(proofs.length)]!,
        all[random.below(all.length)]!,
        random,
      );
      const question = { root: proof.root, hashedKey: keccak256(hexToBytes(proof.key)), proof: proof.nodes };
      const lean = outcomeOf(proveValue, question);
      const full = outcomeOf((asked) => walkProof(asked).value, question);
      const context = JSON.stringify({ mutation, proof, lean, full });
      expect(lean, context).to.deep.equal(full);
      const plain = plainWalk(proof.root, proof.key, proof.nodes);
      if ("refusal" in plain) expect(lean, `${context} ${plain.refusal}`).to.have.property("code");
      else expect(lean, context).to.deep.equal(plain);
      counts["refusal" in plain ? "refused" : plain.value === null ? "absent" : "proven"] += 1;
    }
    console.log(`      ${JSON.stringify(counts)}`);
    expect(Math.min(counts.proven, counts.absent), "accepted").to.be.above(MUTATIONS / 100);
    expect(counts.refused, "refused").to.be.above(MUTATIONS / 2);
  });

  it("shows each node of the path as it decodes by itself", async () => {
    for (const { root, key, nodes } of [...readRealProofs(), ...(await craftProofs())]) {
      const hashedKey = keccak256(hexToBytes(key));
      const walk = walkProof({ root, hashedKey, proof: nodes });
      const encodings = new Set(nodes);
      let depth = 0;
      for (const walked of walk.nodes) {
        expect(walked.depth).to.equal(depth);
        depth += walked.node.kind === "branch" ? 1 : walked.node.path.length;
      }
      const listed = walk.nodes.filter(({ node, depth: at }) => {
        return [...encodings].some((encoded) => {
          try {
            expect(decodeProofNode(hexToBytes(encoded), at)).to.deep.equal(node);
            return true;
          } catch {
            return false;
          }
        });
      });
      expect(listed.length).to.be.within(encodings.size, walk.nodes.length);
    }
  });

  describe("of nodes that no client writes, under a matching root", () => {
    const key = hexToBytes(`0x${"12".repeat(31)}34`);
    const none = new Uint8Array(0);
    const hash = new Uint8Array(32).fill(9);
    const other = Uint8Array.of(0x50);
    const value = Uint8Array.of(7);
    const branch: RlpInput[] = Array<RlpInput>(17).fill(none).with(5, hash).with(6, hash);
    /** A leaf or extension over nibbles of the key. */
    const short = (from: number, to: number, isLeaf: boolean, item: RlpInput): RlpInput => {
      return [encodePath(key, from, to, isLeaf), item];
    };
    /** To a branch at nibble 63, whose children end the key. */
    const toLast = (last: RlpInput): RlpInput[] => {
      const bottom = branch.with(5, hash).with(4, keccak256(encodeRlp(last)));
      return [short(0, 63, false, keccak256(encodeRlp(bottom))), bottom, last];
    };

    function detailOf(nodes: readonly (RlpInput | Uint8Array)[], isEncoded: boolean): unknown {
      const encoded = nodes.map((node) => (isEncoded ? (node as Uint8Array) : encodeRlp(node)));
      const question = { root: bytesToHex(keccak256(encoded[0]!)), hashedKey: key, proof: encoded.map(bytesToHex) };
      const outcomes = [outcomeOf(proveValue, question), outcomeOf((asked) => walkProof(asked).value, question)];
      expect(outcomes[0]).to.deep.equal(outcomes[1]);
      const { code, payload } = outcomes[0] as { code: string; payload: { detail?: string; rlp?: string } };
      expect(code).to.equal("ProofNodeMalformed");
      return payload.detail ?? payload.rlp;
    }

    it("takes the well-formed twins", () => {
      const ask = (nodes: readonly RlpInput[]): unknown => {
        const proof = nodes.map((node) => bytesToHex(encodeRlp(node)));
        return outcomeOf(proveValue, { root: bytesToHex(keccak256(encodeRlp(nodes[0]!))), hashedKey: key, proof });
      };
      expect(ask([short(0, 64, true, value)])).to.deep.equal({ value: "0x07" });
      expect(ask([branch])).to.deep.equal({ value: null });
      expect(ask([[other.with(0, 0x15), hash]])).to.deep.equal({ value: null });
      expect(ask(toLast([Uint8Array.of(0x20), new Uint8Array(40).fill(3)]))).to.deep.equal({
        value: `0x${"03".repeat(40)}`,
      });
      const bottom = branch.with(4, [Uint8Array.of(0x20), value]);
      expect(ask([short(0, 63, false, keccak256(encodeRlp(bottom))), bottom])).to.deep.equal({ value: "0x07" });
    });

    const cases: [detail: string, ...nodes: RlpInput[]][] = [
      ["not a list", hash],
      ["not a list", encodeRlp(short(0, 64, true, value))],
      ["not a list", concatBytes(branch.map((item) => encodeRlp(item)))],
      ["a list of 0", []],
      ["a list of 1", [none]],
      ["a list of 3", [none, none, none]],
      ["a list of 16", branch.slice(1)],
      ["a list of more than 17", [...branch, none]],
      ["the path is a list", [[other], value]],
      ["the path is a list", ...toLast([[Uint8Array.of(0x20)], hash])],
      ["empty path", [none, value]],
      ["unknown path flag", [Uint8Array.of(0x40, ...key), value]],
      ["padding of the path is not zero", [Uint8Array.of(0x21, ...key), value]],
      ["a leaf's key is not 64 nibbles long", short(0, 63, true, value)],
      ["a leaf's key is not 64 nibbles long", [Uint8Array.of(0x30, ...key), value]],
      ["the value is a list", short(0, 64, true, [value])],
      ["the value is empty", short(0, 64, true, none)],
      ["an extension without a path", [Uint8Array.of(0x00), hash]],
      ["an extension leaves no path below it", short(0, 64, false, hash)],
      ["an extension without a child", short(0, 3, false, none)],
      ["an extension without a child", [other.with(0, 0x15), none]],
      ["a branch below the end of the key", ...toLast(branch)],
      ["a branch with a value, where all keys are equally long", branch.with(16, value)],
      ["a branch with a value, where all keys are equally long", branch.with(16, [])],
      ["a branch of fewer than two", branch.with(5, none)],
      ["a branch of fewer than two", branch.with(5, none).with(6, none)],
      ["a child is neither a hash nor a node", branch.with(0, hash.subarray(1))],
      ["a child is neither a hash nor a node", branch.with(0, value)],
      ["a child is neither a hash nor a node", branch.with(0, [])],
      ["a child is neither a hash nor a node", branch.with(1, [])],
      ["a child is neither a hash nor a node", short(0, 3, false, [])],
      ["a child is neither a hash nor a node", short(0, 3, false, value)],
      ["a child that long has to be hashed", branch.with(0, [hash])],
      ["a child that long has to be hashed", branch.with(0, [hash.subarray(2)])],
      ["a child that long has to be hashed", short(0, 3, false, [hash])],
    ];
    for (const [detail, ...nodes] of cases) {
      it(`refuses ${detail}: ${bytesToHex(encodeRlp(nodes.at(-1)!)).slice(0, 40)}`, () => {
        expect(detailOf(nodes, false)).to.equal(detail);
      });
    }

    it("refuses what is not canonical in any part, on the path and beside it", () => {
      const [head, ...items] = [encodeRlp(branch).subarray(0, 2), ...branch.map((item) => encodeRlp(item))];
      const withItem = (at: number, bytes: Uint8Array): Uint8Array => {
        const payload = concatBytes(items.with(at, bytes));
        return concatBytes([Uint8Array.of(head![0]!, payload.length), payload]);
      };
      expect(head![0]).to.equal(0xf8);
      for (const at of [0, 1, 15]) {
        const bad: [string, Uint8Array][] = [
          ["RlpNotCanonical", Uint8Array.of(0xc2, 0x81, 0x05)],
          ["RlpNotCanonical", Uint8Array.of(0xc3, 0xb8, 0x01, 0xff)],
          ["RlpNotCanonical", Uint8Array.of(0xb8, 0x01, 0xff)],
          ["RlpTruncated", Uint8Array.of(0xc2, 0x82, 0x05)],
          ["RlpTruncated", Uint8Array.of(0xc3, 0xc2, 0x83, 0x05)],
          ["RlpTruncated", Uint8Array.of(0xf8)],
        ];
        for (const [code, bytes] of bad) {
          expect(detailOf([withItem(at, bytes)], true), `${code} at ${at}`).to.equal(code);
        }
      }
      expect(detailOf([encodeRlp(branch).subarray(0, -1)], true)).to.equal("RlpTruncated");
      expect(detailOf([concatBytes([encodeRlp(branch), none, Uint8Array.of(0)])], true)).to.equal("RlpTrailingBytes");
      expect(detailOf([Uint8Array.of(0xf8, 0x02, 0x20, 0x07)], true)).to.equal("RlpNotCanonical");
      // A hash that its list has no room for, while the bytes of the next node follow.
      const cut = concatBytes([Uint8Array.of(0xe2), Uint8Array.of(0x15), Uint8Array.of(0xa0), hash.subarray(1)]);
      expect(detailOf([cut.with(0, 0xc0 + cut.length - 1), hash], true)).to.equal("RlpTruncated");
    });

    it("refuses an extension that leads to no branch", () => {
      for (const below of [short(3, 64, true, hash), short(3, 9, false, hash)]) {
        const nodes = [short(0, 3, false, keccak256(encodeRlp(below))), below];
        const proof = nodes.map((node) => bytesToHex(encodeRlp(node)));
        const question = { root: bytesToHex(keccak256(encodeRlp(nodes[0]!))), hashedKey: key, proof };
        expect(outcomeOf(proveValue, question)).to.have.property("code", "ProofNodeMalformed");
      }
    });
  });

  it("gives values and nodes that no later walk changes", async () => {
    const [first, second] = readRealProofs() as [RealProof, RealProof];
    const ask = ({ root, key, nodes }: RealProof): ProofQuestion => {
      return { root, hashedKey: keccak256(hexToBytes(key)), proof: nodes };
    };
    const [value, walk] = [proveValue(ask(first)), walkProof(ask(first))];
    const before = JSON.stringify([value, walk]);
    expect(value).to.deep.equal(walk.value);
    for (const other of [second, ...(await craftProofs())]) walkProof(ask(other));
    expect(JSON.stringify([value, walk])).to.equal(before);
  });
});
