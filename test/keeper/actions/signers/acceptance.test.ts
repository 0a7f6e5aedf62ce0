import { expect } from "chai";
import { encryptKeystoreJson, Wallet } from "ethers";

import { encodeTypedData } from "../../../../keeper/actions/plan/encodeTypedData.ts";
import { KeySigner } from "../../../../keeper/actions/signers/KeySigner.ts";
import { readKeystore } from "../../../../keeper/actions/signers/readKeystore.ts";
import { RemoteSigner } from "../../../../keeper/actions/signers/RemoteSigner.ts";
import type { Signer } from "../../../../keeper/actions/signers/Signer.ts";
import { SignerClient } from "../../../../keeper/actions/signers/SignerClient.ts";
import type { Hex } from "../../../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../../../keeper/lib/keccak.ts";
import { callNode } from "../../../../scripts/local/callNode.ts";
import { startNode, type LocalNode } from "../../../../scripts/local/startNode.ts";
import { makeCertificates, type Certificates } from "./certificates.ts";
import { SignerServer } from "./SignerServer.ts";

const KEYS = ["0xa1", "0xb2", "0xc3"].map((start) => `${start}${"22".repeat(31)}` as Hex) as [Hex, Hex, Hex];
const [PLAIN_KEY, STORED_KEY, REMOTE_KEY] = KEYS;
const ECRECOVER = `0x${"00".repeat(19)}01`;
const TO: Hex = `0x${"11".repeat(20)}`;

describe("what signers sign", () => {
  let node: LocalNode;
  let server: SignerServer;
  let certificates: Certificates;
  const stop = new AbortController();
  const signers = new Map<Signer["kind"], Signer>();

  before(async function () {
    this.timeout(60_000);
    node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: stop.signal });
    certificates = makeCertificates();
    server = await SignerServer.start({ keys: [REMOTE_KEY], certificates });
    const account = { address: new Wallet(STORED_KEY).address, privateKey: STORED_KEY };
    const keystore = await encryptKeystoreJson(account, "password", { scrypt: { N: 1_024, r: 8, p: 1 } });
    const { ca, client } = certificates;
    const tls = { ca: ca.cert, cert: client.cert, key: client.key };
    signers.set("key", new KeySigner(PLAIN_KEY));
    signers.set("keystore", new KeySigner(await readKeystore(keystore, "password"), "keystore"));
    const remote = new SignerClient({ url: server.url, deadlineMs: 2_000, tls });
    signers.set("remote", new RemoteSigner(new KeySigner(REMOTE_KEY).address, remote));
    for (const { address } of signers.values()) {
      await callNode(node.url, "anvil_setBalance", [address, "0xde0b6b3a7640000"]);
    }
  });

  after(async () => {
    for (const signer of signers.values()) signer.close();
    await server.close();
    certificates.remove();
    stop.abort();
    await node.stop();
  });

  for (const kind of ["key", "keystore", "remote"] as const) {
    it(`is accepted by a node and by the chain's own recovery: ${kind}`, async () => {
      const signer = signers.get(kind)!;
      for (let nonce = 0; nonce < 3; nonce += 1) {
        const fees = { gasLimit: 60_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
        const data: Hex = nonce === 0 ? "0x" : `0x${"5a".repeat(30 * nonce)}`;
        const request = { chainId: node.chainId, to: TO, data, nonce, ...fees };
        const { raw, hash } = await signer.signTransaction(request);
        expect(await callNode(node.url, "eth_sendRawTransaction", [raw])).to.equal(hash);
        // Anvil answers with the hash a moment before the block is there.
        let receipt: unknown = null;
        for (let look = 0; receipt === null && look < 200; look += 1) {
          receipt = await callNode(node.url, "eth_getTransactionReceipt", [hash]);
        }
        expect(receipt).to.include({ from: signer.address, to: TO, status: "0x1", type: "0x2" });
      }
      const [domainSeparator, structHash] = [keccak256Hex(new Uint8Array(1)), keccak256Hex(new Uint8Array(2))];
      const typed = { domainSeparator, structHash };
      const signature = await signer.signTypedData(typed);
      const digest = keccak256Hex(encodeTypedData(typed));
      const [r, s, v] = [signature.slice(2, 66), signature.slice(66, 130), signature.slice(130)];
      const call = { to: ECRECOVER, data: `${digest}${v.padStart(64, "0")}${r}${s}` };
      const recovered = String(await callNode(node.url, "eth_call", [call, "latest"]));
      expect(`0x${recovered.slice(-40)}`).to.equal(signer.address);
    });
  }
});
