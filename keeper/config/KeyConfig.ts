import type { Address, Hex } from "../lib/hex.ts";

/** What a keeper's keys are for, as their settings begin. */
export const KEY_ROLES = ["pause", "attest", "post"] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** Where the keeper's keys are: each is given, or in an encrypted keystore, or at a remote signer; never in two places. */
export interface KeyConfig {
  /** Private keys, 32 bytes. Secret. */
  readonly pauseKey: Hex | undefined;
  readonly attestKey: Hex | undefined;
  readonly postKey: Hex | undefined;
  /** Paths of encrypted keystores, and of the files with their passwords. */
  readonly pauseKeystore: string | undefined;
  readonly pauseKeystorePasswordFile: string | undefined;
  readonly attestKeystore: string | undefined;
  readonly attestKeystorePasswordFile: string | undefined;
  readonly postKeystore: string | undefined;
  readonly postKeystorePasswordFile: string | undefined;
  /** Which keys at the remote signer. */
  readonly pauseAddress: Address | undefined;
  readonly attestAddress: Address | undefined;
  readonly postAddress: Address | undefined;
  /** Of a signer with Web3Signer's eth1 API; may hold secrets: never shown. */
  readonly signerUrl: string | undefined;
  /** Paths of PEM files for mutual TLS. */
  readonly signerClientCert: string | undefined;
  readonly signerClientKey: string | undefined;
  readonly signerCa: string | undefined;
  readonly signerDeadlineMs: number;
}
