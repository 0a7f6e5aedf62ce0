import { expect } from "chai";
import { id, Interface, recoverAddress, TypedDataEncoder, Wallet } from "ethers";

import { digestUnder } from "../../../keeper/domain/attestationDigest.ts";
import { booksRoot } from "../../../keeper/domain/booksRoot.ts";
import { bytesToHex, hexToBytes, type Address, type Hash } from "../../../keeper/lib/hex.ts";
import { keccak256 } from "../../../keeper/lib/keccak.ts";
import { checkOutcome } from "../../../scripts/histories/checkOutcome.ts";
import { Draw } from "../../../scripts/histories/Draw.ts";
import { encodeConvict, type Motion } from "../../../scripts/histories/Motion.ts";
import { malleated, QuickSigner } from "../../../scripts/histories/QuickSigner.ts";
import { StateTrie } from "../../../scripts/histories/StateTrie.ts";
import { encodeAccount } from "../../../scripts/histories/World.ts";
import { ReferenceTrie } from "../../keeper/trie/referenceTrie.ts";
import { ATTESTATION_TYPES } from "../../helpers/attestations.ts";

const SEED = Number(process.env["LOCKSTEP_SEED"] ?? 1);

describe("histories", () => {
  const draw = new Draw(SEED, 0);
  const roots = [draw.hash(), draw.hash(), draw.hash()];
  const attestation = {
    setId: 7n,
    bookSetVersion: 2n,
    blockNumber: 1_234_567n,
    blockHash: draw.hash(),
    booksRoot: booksRoot(roots),
  };

  it(`have the state tries of another implementation, before and after changes (seed ${SEED})`, async () => {
    const reference = await ReferenceTrie.of([]);
    let state = StateTrie.EMPTY;
    const addresses = Array.from({ length: 70 }, () => draw.hash().slice(0, 42) as Address);
    const earlier: [StateTrie, Hash][] = [];
    for (let step = 0; step < 200; step += 1) {
      const address = step < addresses.length ? addresses[step]! : draw.pick(addresses);
      const account = encodeAccount(draw.hash(), draw.below(1_000));
      await reference.put(address, account);
      state = state.with(keccak256(hexToBytes(address)), account);
      expect(state.root()).to.equal(reference.root());
      earlier.push([state, state.root()]);
      const shown = draw.pick(addresses.slice(0, step + 1));
      const { proof } = await reference.prove(shown);
      expect(state.prove(keccak256(hexToBytes(shown)))).to.deep.equal(proof);
    }
    for (const [known, root] of earlier) expect(known.root()).to.equal(root);
  });

  it("have the calldata of the ABI coder", () => {
    const coder = new Interface([
      "function convict(tuple(uint32,uint32,uint64,bytes32,bytes32),bytes32[],bytes,uint256,bytes,bytes[])",
    ]);
    for (let count = 0; count < 40; count += 1) {
      const bytes = (length: number) => bytesToHex(new Uint8Array(length).fill(count + 1));
      const motion: Motion = {
        attestation,
        roots: roots.slice(0, count % 4),
        signatures: bytes(65 * (count % 3)).slice(2),
        index: BigInt(count),
        header: bytes(17 * count),
        proof: Array.from({ length: count % 5 }, (_, at) => bytes(31 * at + count)),
      };
      const { signatures, index, header, proof } = motion;
      const fields = Object.values(attestation);
      const expected = coder.encodeFunctionData("convict", [
        ...[fields, motion.roots, `0x${signatures}`, index, header, proof],
      ]);
      expect(`0x${encodeConvict(motion)}`).to.equal(expected);
    }
  });

  it("have digests and signatures that recover, and recover again when malleated", () => {
    const domain = { name: "Lockstep", version: "1", chainId: 31_337, verifyingContract: `0x${"12".repeat(20)}` };
    const separator = TypedDataEncoder.hashDomain(domain) as Hash;
    for (let count = 0; count < 20; count += 1) {
      const wallet = new Wallet(id(`histories ${count}`));
      const signer = new QuickSigner(wallet.privateKey);
      const signed = { ...attestation, setId: BigInt(count) };
      const digest = digestUnder(separator, signed);
      expect(digest).to.equal(TypedDataEncoder.hash(domain, ATTESTATION_TYPES, signed));
      expect(signer.address).to.equal(wallet.address);
      const signature = signer.sign(digest);
      // The library refuses a high s, as the contract does.
      expect(recoverAddress(digest, `0x${signature}`)).to.equal(wallet.address);
      expect(() => recoverAddress(digest, `0x${malleated(signature)}`)).to.throw();
      expect(malleated(malleated(signature))).to.equal(signature);
    }
  });

  it("are never the same twice under one seed", () => {
    const firsts = new Set(Array.from({ length: 5_000 }, (_, index) => new Draw(SEED, index).hash()));
    expect(firsts.size).to.equal(5_000);
    expect(new Draw(SEED, 3).hash()).to.equal(new Draw(SEED, 3).hash());
    expect(new Draw(SEED + 1, 3).hash()).not.to.equal(new Draw(SEED, 3).hash());
  });

  it("fail for everything that a conviction must not do", () => {
    const refused = { isConvicted: false, error: "0x12345678" } as const;
    const convicted = (mask: bigint) => ({ isConvicted: true, convicted: mask }) as const;
    const attempt = (guilty: bigint, isRequired: boolean) => {
      return { attack: "", statement: 0, calldata: "", guilty, isRequired };
    };
    const honest = 0b0001n;
    const cases = [
      [attempt(0n, false), refused, null],
      [attempt(6n, false), refused, null],
      [attempt(6n, true), refused, "a lie was not convicted: 0x12345678"],
      [attempt(6n, true), convicted(6n), null],
      [attempt(6n, false), convicted(4n), null],
      [attempt(6n, true), convicted(4n), "a signer of a lie kept the bond"],
      [attempt(6n, true), convicted(7n), "an honest keeper was slashed"],
      [attempt(7n, false), convicted(1n), "an honest keeper was slashed"],
      [attempt(6n, false), convicted(8n), "others than the signers were slashed"],
      [attempt(6n, false), convicted(0n), "others than the signers were slashed"],
      [attempt(0n, false), convicted(8n), "something unassailable was convicted"],
      [attempt(0n, false), convicted(0n), "something unassailable was convicted"],
    ] as const;
    for (const [one, outcome, problem] of cases) expect(checkOutcome(one, outcome, honest)).to.equal(problem);
  });
});
