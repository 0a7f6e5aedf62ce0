import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";

import { KeySigner } from "./actions/signers/KeySigner.ts";
import { readKeystore } from "./actions/signers/readKeystore.ts";
import { RemoteSigner } from "./actions/signers/RemoteSigner.ts";
import type { Signer } from "./actions/signers/Signer.ts";
import { SignerClient, type SignerTls } from "./actions/signers/SignerClient.ts";
import { configError } from "./config/ConfigProblem.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { KEY_ROLES, type KeyConfig, type KeyRole } from "./config/KeyConfig.ts";
import { KeeperError } from "./errors/KeeperError.ts";

/** What signs for a keeper, by what the key is for. */
export type Signers = Readonly<Partial<Record<KeyRole, Signer>>>;

/**
 * Opens whatever the keys' settings name: decrypts keystores, which takes a second each, and reads certificates. The remote
 * signer is not asked anything yet. Where no posting key is set, the attest key posts.
 *
 * @throws KeeperError `ConfigInvalid` naming the setting, when a file cannot be read or is not what it has to be.
 */
export async function openSigners(config: KeeperConfig): Promise<Signers> {
  const client = config.signerUrl === undefined ? undefined : await openClient(config.signerUrl, config);
  const signers: Partial<Record<KeyRole, Signer>> = {};
  try {
    for (const role of KEY_ROLES) {
      const signer = await openSigner(config, role, client);
      if (signer !== undefined) signers[role] = signer;
    }
  } catch (error: unknown) {
    for (const signer of Object.values(signers)) signer.close();
    client?.close();
    throw error;
  }
  if (signers.post === undefined && signers.attest !== undefined) signers.post = signers.attest;
  return signers;
}

async function openSigner(config: KeeperConfig, role: KeyRole, client?: SignerClient): Promise<Signer | undefined> {
  const key = config[`${role}Key`];
  if (key !== undefined) return new KeySigner(key);
  const address = config[`${role}Address`];
  if (address !== undefined && client !== undefined) return new RemoteSigner(address, client);
  return config[`${role}Keystore`] === undefined ? undefined : openKeystore(config, role);
}

async function openKeystore(config: KeeperConfig, role: KeyRole): Promise<Signer> {
  const [keystore, passwordFile] = [`${role}Keystore`, `${role}KeystorePasswordFile`] as const;
  const text = await readSetting(config, keystore);
  // An editor ends the line; whoever wants a password that ends in a line end writes two.
  const password = (await readSetting(config, passwordFile)).replace(/\r?\n$/, "");
  let key: Uint8Array;
  try {
    key = await readKeystore(text, password);
  } catch (error: unknown) {
    if (KeeperError.is(error, "KeystoreWrongPassword")) {
      throw problem(config, passwordFile, `the password of ${String(config[keystore])}, which it does not open`);
    }
    if (KeeperError.is(error, "KeystoreInvalid")) {
      throw problem(config, keystore, `an encrypted keystore, but ${String(error.payload["reason"])}`);
    }
    throw error;
  }
  try {
    return new KeySigner(key, "keystore");
  } finally {
    key.fill(0);
  }
}

async function openClient(url: string, config: KeeperConfig): Promise<SignerClient> {
  const tls: { -readonly [K in keyof SignerTls]: SignerTls[K] } = {};
  const { signerCa, signerClientCert, signerClientKey } = config;
  // One after the other, so that the one which is no certificate is named.
  if (signerCa !== undefined) {
    tls.ca = await readSetting(config, "signerCa");
    tryTls(config, "signerCa", { ca: tls.ca }, "certificates in PEM");
  }
  if (signerClientCert !== undefined && signerClientKey !== undefined) {
    tls.cert = await readSetting(config, "signerClientCert");
    tryTls(config, "signerClientCert", { cert: tls.cert }, "a certificate in PEM");
    tls.key = await readSetting(config, "signerClientKey");
    const expected = "the private key of signerClientCert in PEM, without a passphrase";
    tryTls(config, "signerClientKey", { cert: tls.cert, key: tls.key }, expected);
  }
  return new SignerClient({ url, deadlineMs: config.signerDeadlineMs, tls });
}

function tryTls(config: KeeperConfig, setting: keyof KeyConfig, tls: SignerTls, expected: string): void {
  // OpenSSL passes over what is no certificate in a list of authorities.
  const isPem = Object.values(tls).every((text: string) => text.includes("-----BEGIN "));
  try {
    createSecureContext(tls);
  } catch {
    throw problem(config, setting, expected);
  }
  if (!isPem) throw problem(config, setting, expected);
}

async function readSetting(config: KeeperConfig, setting: keyof KeyConfig): Promise<string> {
  try {
    return await readFile(String(config[setting]), "utf8");
  } catch (error: unknown) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw problem(config, setting, `a file that can be read (${code})`);
  }
}

/** The values are paths: they hold no secret. */
function problem(config: KeeperConfig, setting: keyof KeyConfig, expected: string): KeeperError {
  return configError([{ name: setting, value: String(config[setting]), expected }]);
}
