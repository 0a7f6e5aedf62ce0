import { createCipheriv, pbkdf2Sync, randomUUID } from "node:crypto";
import { expect } from "chai";
import { concat, encryptKeystoreJson, keccak256, Wallet } from "ethers";

import { KeySigner } from "../../../../keeper/actions/signers/KeySigner.ts";
import { readKeystore } from "../../../../keeper/actions/signers/readKeystore.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { bytesToHex, hexToBytes, type Hex } from "../../../../keeper/lib/hex.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";

const PASSWORD = "correct horse battery";
/** Enough for a test: what is derived differs in cost only. */
const CHEAP = { N: 1_024, r: 8, p: 1 };

/** The two vectors of the Web3 Secret Storage definition: one key, one password, both kinds of derivation. */
const VECTOR_KEY = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const VECTORS = {
  pbkdf2: {
    crypto: {
      cipher: "aes-128-ctr",
      cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
      ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
      kdf: "pbkdf2",
      kdfparams: {
        c: 262_144,
        dklen: 32,
        prf: "hmac-sha256",
        salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
      },
      mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    version: 3,
  },
  scrypt: {
    crypto: {
      cipher: "aes-128-ctr",
      cipherparams: { iv: "83dbcc02d8ccb40e466191a123791e0e" },
      ciphertext: "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
      kdf: "scrypt",
      kdfparams: {
        dklen: 32,
        n: 262_144,
        r: 1,
        p: 8,
        salt: "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
      },
      mac: "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    version: 3,
  },
};

interface Keystore {
  crypto: Record<string, unknown> & { kdfparams: Record<string, unknown>; cipherparams: Record<string, unknown> };
  address?: unknown;
  version?: unknown;
}

/** A keystore whose key is derived with PBKDF2, which ethers opens and does not write. */
function byPbkdf2(key: Hex, password: string, random: SeededRandom): string {
  const [salt, iv] = [hexToBytes(random.hex(32)), hexToBytes(random.hex(16))];
  const derived = pbkdf2Sync(password, salt, 1_000, 32, "sha256");
  const ciphertext = createCipheriv("aes-128-ctr", derived.subarray(0, 16), iv).update(hexToBytes(key));
  const digits = (bytes: Uint8Array): string => bytesToHex(bytes).slice(2);
  return JSON.stringify({
    version: 3,
    id: randomUUID(),
    address: new KeySigner(key).address.slice(2),
    crypto: {
      cipher: "aes-128-ctr",
      cipherparams: { iv: digits(iv) },
      ciphertext: digits(ciphertext),
      kdf: "pbkdf2",
      kdfparams: { c: 1_000, dklen: 32, prf: "hmac-sha256", salt: digits(salt) },
      mac: keccak256(concat([derived.subarray(16, 32), ciphertext])).slice(2),
    },
  });
}

async function failureOf(text: string, password = PASSWORD): Promise<KeeperError> {
  try {
    await readKeystore(text, password);
  } catch (error: unknown) {
    if (KeeperError.is(error)) return error;
    throw error;
  }
  throw new Error("the keystore was opened");
}

describe("readKeystore", () => {
  const key: Hex = `0x${"c0ffee42".repeat(8)}`;
  let text: string;

  before(async () => {
    text = await encryptKeystoreJson({ address: new Wallet(key).address, privateKey: key }, PASSWORD, {
      scrypt: CHEAP,
    });
  });

  /** The keystore with something else in it. */
  function changed(change: (keystore: Keystore) => void): string {
    const { Crypto, ...rest } = JSON.parse(text) as { Crypto: Keystore["crypto"] };
    const keystore: Keystore = { ...rest, crypto: Crypto };
    change(keystore);
    return JSON.stringify(keystore);
  }

  for (const kdf of ["pbkdf2", "scrypt"] as const) {
    it(`opens the definition's vector for ${kdf}`, async () => {
      expect(bytesToHex(await readKeystore(JSON.stringify(VECTORS[kdf]), "testpassword"))).to.equal(VECTOR_KEY);
    }).timeout(20_000);
  }

  it("opens what ethers writes, with either derivation what ethers opens, and to the same key", async () => {
    const random = new SeededRandom(chooseSeed(36));
    for (let round = 0; round < 5; round += 1) {
      const wallet = Wallet.createRandom();
      const secret = wallet.privateKey as Hex;
      const account = { address: wallet.address, privateKey: secret };
      const scrypted = await encryptKeystoreJson(account, PASSWORD, { scrypt: CHEAP });
      const derived = byPbkdf2(secret, PASSWORD, random);
      for (const keystore of [scrypted, derived]) {
        expect((await Wallet.fromEncryptedJson(keystore, PASSWORD)).address).to.equal(wallet.address);
        expect(bytesToHex(await readKeystore(keystore, PASSWORD))).to.equal(secret);
      }
    }
  }).timeout(20_000);

  it("opens a keystore whatever Unicode form its password was typed in, as geth and as ethers take it", async () => {
    const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"];
    const account = { address: new Wallet(key).address, privateKey: key };
    const byEthers = await encryptKeystoreJson(account, decomposed, { scrypt: CHEAP });
    const byGeth = byPbkdf2(key, decomposed, new SeededRandom(1));
    for (const keystore of [byEthers, byGeth]) {
      expect(bytesToHex(await readKeystore(keystore, decomposed))).to.equal(key);
    }
    expect(bytesToHex(await readKeystore(byEthers, composed))).to.equal(key);
  });

  it("opens one without an address, and one whose address has a prefix or capitals", async () => {
    const { address } = new Wallet(key);
    for (const said of [undefined, address, address.slice(2), address.toUpperCase().replace("0X", "0x")]) {
      const keystore = changed((fields) => {
        if (said === undefined) delete fields.address;
        else fields.address = said;
      });
      expect(bytesToHex(await readKeystore(keystore, PASSWORD))).to.equal(key);
    }
  });

  it("says that the password is wrong, and repeats neither it nor the keystore", async () => {
    for (const password of ["wrong password", "", `${PASSWORD} `, `${PASSWORD}\n`]) {
      const failure = await failureOf(text, password);
      expect(failure.code).to.equal("KeystoreWrongPassword");
      const shown = `${failure.stack}${JSON.stringify(failure.payload)}`;
      expect(shown).to.not.include("wrong password");
      expect(shown).to.not.include((JSON.parse(text) as { Crypto: { ciphertext: string } }).Crypto.ciphertext);
    }
  });

  it("names a file that is cut off at any place, and never takes it for a wrong password", async () => {
    const random = new SeededRandom(chooseSeed(37));
    const lengths = [0, 1, text.length - 1, ...Array.from({ length: 40 }, () => random.below(text.length))];
    for (const length of lengths) {
      const failure = await failureOf(text.slice(0, length));
      expect(failure.code, `${length} characters`).to.equal("KeystoreInvalid");
      expect(failure.message).to.match(/is the file cut off/);
    }
  });

  it("names what another file is", async () => {
    const cases: [string, RegExp][] = [
      ["{}", /no "version": 3/],
      ["[]", /no JSON object/],
      ['"0x12"', /no JSON object/],
      ["null", /no JSON object/],
      [`0x${"12".repeat(32)}`, /not JSON/],
      [JSON.stringify({ version: 4, crypto: {} }), /version 4, BLS/],
      [JSON.stringify({ version: 1, crypto: {} }), /no "version": 3/],
      [JSON.stringify({ version: 3 }), /no object "crypto"/],
      [changed(({ crypto }) => (crypto["cipher"] = "aes-256-gcm")), /cipher is not aes-128-ctr/],
      [changed(({ crypto }) => (crypto["kdf"] = "argon2id")), /neither scrypt nor pbkdf2/],
      [changed(({ crypto }) => (crypto["kdf"] = 7)), /no text "kdf"/],
      [changed(({ crypto }) => (crypto["mac"] = "12")), /"mac": not 32 bytes/],
      [changed(({ crypto }) => (crypto["ciphertext"] = "zz".repeat(32))), /"ciphertext": not a hexadecimal digit/],
      [changed(({ crypto }) => (crypto.cipherparams = { iv: "00" })), /"iv": not 16 bytes/],
      [changed(({ crypto }) => (crypto.kdfparams["dklen"] = 64)), /dklen is not 32/],
      [changed(({ crypto }) => (crypto.kdfparams["n"] = 1_000)), /no power of two/],
      [changed(({ crypto }) => (crypto.kdfparams["n"] = -1_024)), /"n" is no whole number above 0/],
      [changed(({ crypto }) => (crypto.kdfparams["r"] = "8")), /"r" is no whole number/],
      [changed((fields) => (fields.address = "11".repeat(20))), /address is not that of its key/],
      [changed((fields) => (fields.address = 7)), /address is not that of its key/],
    ];
    for (const [keystore, expected] of cases) {
      const failure = await failureOf(keystore);
      expect([failure.code, failure.message], keystore).to.satisfy(
        ([code, message]: string[]) => code === "KeystoreInvalid" && expected.test(message!),
      );
      expect(failure.message).to.not.include(key.slice(2, 10));
    }
  });

  it("refuses a keystore that would take all memory or days to open, at once", async () => {
    const costs = [
      { n: 2 ** 30, r: 8, p: 1 },
      { n: 2, r: 2 ** 40, p: 1 },
      { n: 1_024, r: 8, p: 2 ** 40 },
      { n: 2 ** 50, r: 1, p: 1 },
    ];
    for (const cost of costs) {
      const failure = await failureOf(changed(({ crypto }) => Object.assign(crypto.kdfparams, cost)));
      expect(failure.message, JSON.stringify(cost)).to.match(/costs too much/);
    }
    const kdfparams = { c: 2 ** 31, dklen: 32, prf: "hmac-sha256", salt: "00" };
    const endless = await failureOf(changed(({ crypto }) => Object.assign(crypto, { kdf: "pbkdf2", kdfparams })));
    expect(endless.message).to.match(/costs too much/);
  });

  it("refuses a key that is none, which a password did open", async () => {
    const zero = byPbkdf2(key, PASSWORD, new SeededRandom(2));
    const keystore = JSON.parse(zero) as Keystore & { crypto: { ciphertext: string } };
    const salt = hexToBytes(`0x${String(keystore.crypto.kdfparams["salt"])}`);
    const iv = hexToBytes(`0x${String(keystore.crypto.cipherparams["iv"])}`);
    const derived = pbkdf2Sync(PASSWORD, salt, 1_000, 32, "sha256");
    const ciphertext = createCipheriv("aes-128-ctr", derived.subarray(0, 16), iv).update(new Uint8Array(32));
    keystore.crypto.ciphertext = bytesToHex(ciphertext).slice(2);
    keystore.crypto["mac"] = keccak256(concat([derived.subarray(16, 32), ciphertext])).slice(2);
    expect((await failureOf(JSON.stringify(keystore))).message).to.match(/no private key/);
  });
});
