import { createHash } from "node:crypto";
import { expect } from "chai";

import { secp256k1, type Signature } from "../../../../keeper/actions/signers/secp256k1.ts";
import { bigintToHex32, bytesToHex, hexToBytes } from "../../../../keeper/lib/hex.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const ONE = hexToBytes(bigintToHex32(1n));

const sha256 = (text: string): Uint8Array => new Uint8Array(createHash("sha256").update(text).digest());

/** The other signature of the same key over the same digest. */
function twinOf({ yParity, r, s }: Signature): Signature {
  return { yParity: yParity === 0 ? 1 : 0, r, s: hexToBytes(bigintToHex32(ORDER - BigInt(bytesToHex(s)))) };
}

describe("secp256k1", () => {
  it("signs by RFC 6979: the vectors that Bitcoin implementations share", () => {
    const vectors: [bigint, string, string, string][] = [
      [
        1n,
        "Satoshi Nakamoto",
        "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8",
        "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
      ],
      [
        ORDER - 1n,
        "Satoshi Nakamoto",
        "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0",
        "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5",
      ],
    ];
    for (const [key, message, r, s] of vectors) {
      const signature = secp256k1.sign(sha256(message), hexToBytes(bigintToHex32(key)));
      expect([bytesToHex(signature.r), bytesToHex(signature.s)]).to.deep.equal([`0x${r}`, `0x${s}`]);
    }
  });

  it("recovers who signed, and nobody from what nobody can have signed", () => {
    const digest = sha256("x");
    const signature = secp256k1.sign(digest, ONE);
    expect(secp256k1.addressOfKey(ONE)).to.equal("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    expect(secp256k1.recover(digest, signature)).to.equal(secp256k1.addressOfKey(ONE));
    const other = secp256k1.recover(sha256("y"), signature);
    expect(other).to.be.a("string").and.not.equal(secp256k1.addressOfKey(ONE));
    const zero = new Uint8Array(32);
    const order = hexToBytes(bigintToHex32(ORDER));
    const broken = [{ r: zero }, { s: zero }, { r: order }, { s: order }, { r: new Uint8Array(32).fill(0xff) }];
    for (const part of broken) expect(secp256k1.recover(digest, { ...signature, ...part })).to.equal(null);
  });

  it("brings a signature into the lower half of the order, where it is of the same key", () => {
    const digest = sha256("x");
    const low = secp256k1.sign(digest, ONE);
    const high = twinOf(low);
    expect(secp256k1.recover(digest, high)).to.equal(secp256k1.addressOfKey(ONE));
    expect(secp256k1.toLowS(high)).to.deep.equal(low);
    expect(secp256k1.toLowS(low)).to.equal(low);
    const none = { ...low, s: hexToBytes(bigintToHex32(ORDER)) };
    expect(secp256k1.toLowS(none)).to.equal(none);
  });
});
