import { expect } from "chai";

import { verifyAccountProof, verifyStorageProof } from "../../../../keeper/chain/verify/proof.ts";
import type { VerificationErrorCode } from "../../../../keeper/chain/verify/VerificationError.ts";
import { bigintToHex32, bytesToHex, hexToBytes, type Hash, type Hex } from "../../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../../keeper/lib/keccak.ts";
import { encodeRlp } from "../../../../keeper/lib/rlp.ts";
import { readHeaders, readProofs } from "../../../fixtures/mainnet/chainData.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { ReferenceTrie, slotOf, SLOTS_SHARING_TEN_NIBBLES, type Words } from "../../trie/referenceTrie.ts";
import { expectRefusal } from "./expectRefusal.ts";

const SEED = 20_250_225;
const EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

function flipBit(hex: Hex, bit: number): Hex {
  const bytes = hexToBytes(hex);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytesToHex(bytes);
}

function bitsOf(hex: Hex): number {
  return 4 * (hex.length - 2);
}

describe(`verify proof (seed ${SEED})`, function () {
  this.timeout(60_000);
  const fixtures = readProofs();

  describe("of real accounts and words", () => {
    for (const { network, number, blockHash, stateRoot, proof } of fixtures) {
      it(`proves account ${proof.address} of ${network} block ${number}`, () => {
        const header = readHeaders().find(({ hash }) => hash === blockHash);
        expect(header?.header["stateRoot"]).to.equal(stateRoot);
        const account = verifyAccountProof({ stateRoot, address: proof.address, proof: proof.accountProof });
        expect(account).to.deep.equal({
          nonce: BigInt(proof.nonce),
          balance: BigInt(proof.balance),
          storageRoot: proof.storageHash,
          codeHash: proof.codeHash,
        });
        for (const { key, value, proof: nodes } of proof.storageProof) {
          const slot = bigintToHex32(BigInt(key));
          expect(verifyStorageProof({ storageRoot: proof.storageHash, slot, proof: nodes })).to.equal(BigInt(value));
        }
      });
    }
  });

  describe("of a changed answer", () => {
    const [{ stateRoot, proof }] = fixtures as [(typeof fixtures)[number]];
    const word = proof.storageProof[0]!;
    const storage = { storageRoot: proof.storageHash, slot: word.key, proof: word.proof };
    const account = { stateRoot, address: proof.address, proof: proof.accountProof };

    it("refuses every change of one bit of a storage proof's nodes", () => {
      word.proof.forEach((node, at) => {
        for (let bit = 0; bit < bitsOf(node); bit += 1) {
          const changed = word.proof.with(at, flipBit(node, bit));
          expectRefusal(() => verifyStorageProof({ ...storage, proof: changed }), ["ProofNodeHashMismatch"]);
        }
      });
    });

    it("refuses a changed bit in each byte of the nodes of three account proofs", () => {
      const random = new SeededRandom(SEED);
      for (const fixture of [fixtures[0]!, fixtures[4]!, fixtures[9]!]) {
        const { address, accountProof } = fixture.proof;
        accountProof.forEach((node, at) => {
          for (let byte = 0; byte < bitsOf(node) / 8; byte += 1) {
            const changed = accountProof.with(at, flipBit(node, 8 * byte + random.below(8)));
            const question = { stateRoot: fixture.stateRoot, address, proof: changed };
            expectRefusal(() => verifyAccountProof(question), ["ProofNodeHashMismatch"]);
          }
        });
      }
    });

    it("refuses every change of one bit of the key and of the root", () => {
      for (let bit = 0; bit < 256; bit += 1) {
        expectRefusal(() => verifyStorageProof({ ...storage, slot: flipBit(storage.slot, bit) }), [], "slot");
        expectRefusal(
          () => verifyStorageProof({ ...storage, storageRoot: flipBit(storage.storageRoot, bit) }),
          [],
          "root",
        );
        expectRefusal(() => verifyAccountProof({ ...account, stateRoot: flipBit(stateRoot, bit) }), [], "state root");
      }
      for (let bit = 0; bit < 160; bit += 1) {
        expectRefusal(() => verifyAccountProof({ ...account, address: flipBit(proof.address, bit) }), [], "address");
      }
    });

    it("refuses nodes that are missing, left over, repeated or out of order", () => {
      const nodes = proof.accountProof;
      const check = (changed: readonly Hex[], codes: VerificationErrorCode[]): void => {
        expectRefusal(() => verifyAccountProof({ ...account, proof: changed }), codes);
      };
      nodes.forEach((node, at) => {
        const isLast = at === nodes.length - 1;
        check(nodes.toSpliced(at, 1), [isLast ? "ProofNodeMissing" : "ProofNodeHashMismatch"]);
        check(nodes.toSpliced(at, 0, node), [isLast ? "ProofNodeUnused" : "ProofNodeHashMismatch"]);
        check(nodes.slice(0, at), ["ProofNodeMissing"]);
      });
      check(nodes.toReversed(), ["ProofNodeHashMismatch"]);
      check([...nodes, "0x80"], ["ProofNodeUnused"]);
      check([...nodes, "0x"], ["ProofNodeUnused"]);
    });

    it("refuses what is no list of hex", () => {
      const bad = [undefined, null, "0x", 1, {}, { length: 1 }, [null], [1], [[]], [{}], ["0x0"], ["zz"], ["0xzz"]];
      const large = [new Array(1), new Array(2 ** 32 - 1), [`0x${"00".repeat(10_000)}`], Array(1_000).fill("0x80")];
      for (const value of [...bad, ...large]) {
        expectRefusal(() => verifyAccountProof({ ...account, proof: value }), ["ProofMalformed"]);
        expectRefusal(() => verifyStorageProof({ ...storage, proof: value }), ["ProofMalformed"]);
      }
    });

    it("refuses keys and roots of other lengths", () => {
      for (const key of ["0x", "0x01", `${proof.address}00`, "nothing"] as Hex[]) {
        expectRefusal(() => verifyAccountProof({ ...account, address: key }), ["ProofMalformed"], key);
        expectRefusal(() => verifyStorageProof({ ...storage, slot: key }), ["ProofMalformed"], key);
        expectRefusal(() => verifyAccountProof({ ...account, stateRoot: key }), ["ProofMalformed"], key);
        expectRefusal(() => verifyStorageProof({ ...storage, storageRoot: key }), ["ProofMalformed"], key);
      }
    });
  });

  describe("of absence", () => {
    it("takes both proofs of the empty trie, and nothing else for it", () => {
      for (const proof of [[], ["0x80"]]) {
        const storage = { storageRoot: EMPTY_ROOT, slot: slotOf(1), proof } as const;
        expect(verifyStorageProof(storage)).to.equal(0n);
        const address: Hex = `0x${"11".repeat(20)}`;
        expect(verifyAccountProof({ stateRoot: EMPTY_ROOT, address, proof })).to.equal(null);
        const other = { ...storage, storageRoot: `0x${"11".repeat(32)}` } as const;
        expectRefusal(() => verifyStorageProof(other), ["ProofNodeMissing", "ProofNodeHashMismatch"]);
      }
      for (const proof of [["0x80", "0x80"], ["0xc0"], ["0x"], ["0x8080"], ["0x00"]]) {
        expectRefusal(() => verifyStorageProof({ storageRoot: EMPTY_ROOT, slot: slotOf(1), proof }));
      }
    });

    it("proves inclusion and absence in random tries, and refuses each proof cut or changed", async () => {
      const random = new SeededRandom(SEED + 1);
      for (const size of [1, 2, 3, 10, 50, 300]) {
        const words: Words = new Map();
        for (let at = 0; at < size; at += 1) words.set(slotOf(at), random.uint(256) | 1n);
        const [left, right] = SLOTS_SHARING_TEN_NIBBLES[size % 3]!;
        words.set(left, 1n).set(right, 2n);
        const trie = await ReferenceTrie.of(words);
        const storageRoot = trie.root();
        for (let at = 0; at < 40; at += 1) {
          const slot = [left, right, slotOf(random.below(2 * size + 2))][random.below(3)]!;
          const { proof } = await trie.prove(slot);
          const expected = words.get(slot) ?? 0n;
          expect(verifyStorageProof({ storageRoot, slot, proof })).to.equal(expected);
          const verbose = (await trie.proveVerbosely(slot)).proof;
          expect(verifyStorageProof({ storageRoot, slot, proof: verbose })).to.equal(expected);
          expectRefusal(() => verifyStorageProof({ storageRoot, slot, proof: proof.slice(0, -1) }));
          expectRefusal(() => verifyStorageProof({ storageRoot, slot, proof: [...proof, proof[0]!] }));
          const node = random.below(verbose.length);
          const changed = verbose.with(node, flipBit(verbose[node]!, random.below(bitsOf(verbose[node]!))));
          expectRefusal(() => verifyStorageProof({ storageRoot, slot, proof: changed }));
        }
      }
    });

    it("proves that an account is absent", async () => {
      const trie = await ReferenceTrie.of([]);
      const hash = new Uint8Array(32).fill(7);
      const account = encodeRlp([Uint8Array.of(1), new Uint8Array(0), hash, hash]);
      const addresses = Array.from({ length: 60 }, (_, at): Hex => `0x${(at + 1).toString(16).padStart(40, "0")}`);
      for (const address of addresses.slice(0, 30)) await trie.put(address, account);
      const stateRoot: Hash = trie.root();
      for (const [at, address] of addresses.entries()) {
        const { proof } = await trie.prove(address);
        const proven = verifyAccountProof({ stateRoot, address, proof });
        if (at >= 30) expect(proven).to.equal(null);
        else expect(proven).to.deep.include({ nonce: 1n, balance: 0n });
      }
    });
  });

  describe("of a malformed trie under a matching root", () => {
    const slot = slotOf(1);
    const path = hexToBytes(keccak256Hex(hexToBytes(slot)));
    const leafPath = Uint8Array.of(0x20, ...path);
    const one = encodeRlp(Uint8Array.of(1));
    const hash = new Uint8Array(32).fill(9);
    const none = new Uint8Array(0);
    const branch = Array<Uint8Array>(17).fill(none).with(0, hash).with(1, hash);

    function refuse(nodes: Uint8Array[], codes: VerificationErrorCode[], what: string): void {
      const storageRoot = keccak256Hex(nodes[0]!);
      const proof = nodes.map((node) => bytesToHex(node));
      expectRefusal(() => verifyStorageProof({ storageRoot, slot, proof }), codes, what);
    }

    it("accepts the well-formed twin", () => {
      const node = encodeRlp([leafPath, one]);
      expect(verifyStorageProof({ storageRoot: keccak256Hex(node), slot, proof: [bytesToHex(node)] })).to.equal(1n);
    });

    it("refuses nodes that no client writes", () => {
      const nodes: [string, Uint8Array][] = [
        ["a string", encodeRlp(hash)],
        ["an empty list", encodeRlp([])],
        ["a list of three", encodeRlp([leafPath, one, one])],
        ["a list of sixteen", encodeRlp(branch.slice(1))],
        ["a list of eighteen", encodeRlp([...branch, none])],
        ["a leaf's path too short", encodeRlp([leafPath.slice(0, -1), one])],
        ["a leaf's path too long", encodeRlp([Uint8Array.of(...leafPath, 0), one])],
        ["no path", encodeRlp([none, one])],
        ["a path flag of 4", encodeRlp([Uint8Array.of(0x40, ...path), one])],
        ["padding in the path", encodeRlp([Uint8Array.of(0x21, ...path), one])],
        ["a list for a path", encodeRlp([[leafPath], one])],
        ["a list for a value", encodeRlp([leafPath, [one]])],
        ["an empty value", encodeRlp([leafPath, none])],
        ["an extension without a path", encodeRlp([Uint8Array.of(0x00), hash])],
        ["an extension over the whole key", encodeRlp([Uint8Array.of(0x00, ...path), hash])],
        ["an extension without a child", encodeRlp([Uint8Array.of(0x00, path[0]!), none])],
        ["an extension to a short hash", encodeRlp([Uint8Array.of(0x00, path[0]!), hash.slice(1)])],
        ["a branch with a value", encodeRlp(branch.with(16, one))],
        ["a branch with a list for a value", encodeRlp([...branch.slice(0, 16), []])],
        ["a branch without children", encodeRlp(branch.with(0, none).with(1, none))],
        ["a branch of one", encodeRlp(branch.with(1, none))],
        ["a branch with a short hash", encodeRlp(branch.with(3, hash.slice(1)))],
        ["an embedded node that has to be hashed", encodeRlp([...branch.slice(0, 15), [hash, hash], none])],
        ["a byte left over", Uint8Array.of(...encodeRlp([leafPath, one]), 0)],
        ["a prefix that is not needed", encodeRlp([leafPath, one]).with(0, 0xe4)],
        ["nothing", none],
      ];
      for (const [what, node] of nodes) refuse([node], ["ProofNodeMalformed"], what);
    });

    it("refuses an extension that leads to anything but a branch", () => {
      const rest = Uint8Array.of(0x20, ...path.slice(1));
      const leaf = encodeRlp([rest, encodeRlp(new Uint8Array(32).fill(5))]);
      const inner = encodeRlp([Uint8Array.of(0x00, path[1]!), hash]);
      for (const child of [leaf, inner]) {
        const childRef = child.length < 32 ? [Uint8Array.of(0x00, path[1]!), hash] : hexToBytes(keccak256Hex(child));
        refuse([encodeRlp([Uint8Array.of(0x00, path[0]!), childRef]), child], ["ProofNodeMalformed"], "extension");
      }
    });

    it("refuses values that are no word", () => {
      const values: [string, Uint8Array][] = [
        ["no RLP", Uint8Array.of(0x81, 0x01)],
        ["two items", Uint8Array.of(0x01, 0x01)],
        ["zero", Uint8Array.of(0x80)],
        ["a zero byte", Uint8Array.of(0x00)],
        ["a leading zero", encodeRlp(Uint8Array.of(0, 1))],
        ["33 bytes", encodeRlp(new Uint8Array(33).fill(1))],
        ["a list", encodeRlp([])],
      ];
      for (const [what, value] of values) refuse([encodeRlp([leafPath, value])], ["ProofValueMalformed"], what);
    });

    it("takes a leaf of zero only where the chain is known to have them", () => {
      const node = encodeRlp([leafPath, Uint8Array.of(0x80)]);
      const question = { storageRoot: keccak256Hex(node), slot, proof: [bytesToHex(node)] };
      expectRefusal(() => verifyStorageProof({ ...question, allowsZeroLeaf: false }), ["ProofValueMalformed"]);
      expect(verifyStorageProof({ ...question, allowsZeroLeaf: true })).to.equal(0n);
      const padded = encodeRlp([leafPath, Uint8Array.of(0x00)]);
      const other = { storageRoot: keccak256Hex(padded), slot, proof: [bytesToHex(padded)], allowsZeroLeaf: true };
      expectRefusal(() => verifyStorageProof(other), ["ProofValueMalformed"]);
    });

    it("refuses values that are no account", () => {
      const address: Hex = `0x${"11".repeat(20)}`;
      const accountPath = Uint8Array.of(0x20, ...hexToBytes(keccak256Hex(hexToBytes(address))));
      const accounts: [string, Uint8Array][] = [
        ["a string", one],
        ["no RLP", Uint8Array.of(0xc1)],
        ["three fields", encodeRlp([none, none, hash])],
        ["five fields", encodeRlp([none, none, hash, hash, none])],
        ["a leading zero in the nonce", encodeRlp([Uint8Array.of(0, 1), none, hash, hash])],
        ["a nonce of nine bytes", encodeRlp([new Uint8Array(9).fill(1), none, hash, hash])],
        ["a zero byte as balance", encodeRlp([none, Uint8Array.of(0), hash, hash])],
        ["a balance of 33 bytes", encodeRlp([none, new Uint8Array(33).fill(1), hash, hash])],
        ["a short storage root", encodeRlp([none, none, hash.slice(1), hash])],
        ["a long code hash", encodeRlp([none, none, hash, new Uint8Array(33)])],
        ["a list for a code hash", encodeRlp([none, none, hash, []])],
      ];
      for (const [what, value] of accounts) {
        const node = encodeRlp([accountPath, value]);
        const question = { stateRoot: keccak256Hex(node), address, proof: [bytesToHex(node)] };
        expectRefusal(() => verifyAccountProof(question), ["ProofValueMalformed"], what);
      }
    });
  });
});
