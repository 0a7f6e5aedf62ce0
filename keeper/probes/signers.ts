import { KeeperError } from "../errors/KeeperError.ts";
import { describeError } from "../lib/describeError.ts";
import type { Address } from "../lib/hex.ts";
import { fail, ok, skip, warn, type ProbeOutcome } from "./Probe.ts";

/** A key where it is held. */
export interface KeyHolder {
  readonly address: Address;
  /** `key`, `keystore` or `remote`. */
  readonly kind: string;
  /** Rejects when it could not sign now. */
  check(): Promise<void>;
}

/** What is to be said of the keys' holders. */
export interface HolderFacts {
  /** By what the key is for. */
  readonly holders: Readonly<Partial<Record<"pause" | "attest" | "post", KeyHolder>>>;
  /** Of files with secrets that others may open. */
  readonly warnings: readonly string[];
  /** One account may pause and post there. */
  readonly isLocal: boolean;
}

/** What is to be done about a remote signer, by the code of its fault. */
const ADVICE: Readonly<Record<string, string>> = {
  SignerTimeout: "it does not answer in time: is it up, and is --signer-deadline-ms enough?",
  SignerUnreachable: "there is no connection: check --signer-url and the certificates on both sides",
  SignerRefused: "it refuses: read its log; with mutual TLS it may not know the keeper's certificate",
  SignerMalformed: "what answers is no signer with Web3Signer's eth1 API: check --signer-url",
  SignerKeyMissing: "it does not hold the key: load it there, or correct the address here",
};

/** Whether each key can sign now, wherever it is held: a remote signer is asked, and signs nothing. */
export async function checkSigners({ holders, warnings, isLocal }: HolderFacts): Promise<ProbeOutcome> {
  const { pause, post } = holders;
  const entries = Object.entries(holders);
  if (entries.length === 0) return skip("no key is set");
  for (const [role, holder] of entries) {
    const fault = await holder.check().then(() => null, toFault);
    if (fault === null) continue;
    const detail = `the ${role} key ${holder.address} (${holder.kind}) cannot sign: ${fault.code}`;
    return fail(detail, ADVICE[fault.code] ?? "until it can, this key signs nothing");
  }
  const detail = entries.map(([role, { address, kind }]) => `${role} ${address} (${kind})`).join(", ");
  const isShared = pause !== undefined && pause.address === post?.address;
  if (isShared && !isLocal) {
    return fail(
      `${detail}: one key pauses and posts`,
      "`run` refuses that: a pause would wait behind a post that hangs",
    );
  }
  return warnings.length === 0 ? ok(detail) : warn(detail, warnings.join("; "));
}

function toFault(error: unknown): { readonly code: string } {
  return KeeperError.is(error) ? error : { code: describeError(error) };
}
