import type { ConfigRow } from "./configTable.ts";
import type { KeyConfig } from "./KeyConfig.ts";
import { integerParser, parseAddressSetting, parsePath, parsePrivateKey, parseSignerUrl } from "./parsers.ts";

const privateKeyRow = (purpose: string, defaultText = "none"): ConfigRow<KeyConfig["pauseKey"]> => ({
  parse: parsePrivateKey,
  default: undefined,
  argument: "hex",
  help: `Private key that ${purpose}; better given as a file.`,
  isSecret: true,
  defaultText,
});

const pathRow = (help: string, defaultText = "none"): ConfigRow<string | undefined> => ({
  parse: parsePath,
  default: undefined,
  argument: "path",
  help,
  isPath: true,
  defaultText,
});

const keystoreRow = (purpose: string): ConfigRow<string | undefined> =>
  pathRow(`Encrypted keystore (Web3 Secret Storage, JSON) of the key that ${purpose}.`);

const passwordRow = (keystore: string): ConfigRow<string | undefined> =>
  pathRow(`File that holds the password of ${keystore}; its last line end is not part of it.`);

const addressRow = (purpose: string): ConfigRow<KeyConfig["pauseAddress"]> => ({
  parse: parseAddressSetting,
  default: undefined,
  argument: "address",
  help: `Address of the key at the remote signer that ${purpose}.`,
  defaultText: "none",
});

/** The settings of the keys, in the order in which help lists them. */
export const KEY_ROWS: { readonly [K in keyof KeyConfig]: ConfigRow<KeyConfig[K]> } = {
  pauseKey: privateKeyRow("signs pauses"),
  attestKey: privateKeyRow("signs attestations"),
  postKey: privateKeyRow("posts checkpoints", "the attest key"),
  pauseKeystore: keystoreRow("signs pauses"),
  pauseKeystorePasswordFile: passwordRow("--pause-keystore"),
  attestKeystore: keystoreRow("signs attestations"),
  attestKeystorePasswordFile: passwordRow("--attest-keystore"),
  postKeystore: keystoreRow("posts checkpoints"),
  postKeystorePasswordFile: passwordRow("--post-keystore"),
  pauseAddress: addressRow("signs pauses"),
  attestAddress: addressRow("signs attestations"),
  postAddress: addressRow("posts checkpoints"),
  signerUrl: {
    parse: parseSignerUrl,
    default: undefined,
    argument: "url",
    help: "Remote signer with Web3Signer's eth1 API.",
    defaultText: "none",
  },
  signerClientCert: pathRow("Certificate (PEM) that the keeper shows to the remote signer."),
  signerClientKey: pathRow("Private key (PEM) of --signer-client-cert."),
  signerCa: pathRow("Authorities (PEM) that may vouch for the remote signer.", "the system's"),
  signerDeadlineMs: {
    parse: integerParser(50, 60_000),
    default: 1_000,
    argument: "ms",
    help: "Longest wait for one answer of the remote signer.",
  },
};
