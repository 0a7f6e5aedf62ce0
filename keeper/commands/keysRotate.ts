import { readFileSync } from "node:fs";

import { PAUSE_GAS_LIMIT } from "../actions/plan/gasLimits.ts";
import { feesFor } from "../actions/plan/fees.ts";
import { KeySigner } from "../actions/signers/KeySigner.ts";
import type { Signer } from "../actions/signers/Signer.ts";
import { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import { chainOf } from "../config/chainOf.ts";
import { configError } from "../config/ConfigProblem.ts";
import { loadDeployment } from "../config/deployment.ts";
import type { KeeperConfig } from "../config/KeeperConfig.ts";
import { KEY_ROLES, type KeyRole } from "../config/KeyConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { parseAddressSetting, parsePrivateKey } from "../config/parsers.ts";
import { requireSetting } from "../config/requireSetting.ts";
import { LOCAL_CHAIN_IDS } from "../domain/chainProfile.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { Address } from "../lib/hex.ts";
import { openIdleSource } from "../openIdleSource.ts";
import { openSigners } from "../openSigners.ts";
import type { PauseCost } from "../probes/keys.ts";
import { checkRotation } from "./checkRotation.ts";
import type { CommandContext } from "./CommandContext.ts";
import { confirm } from "./confirm.ts";
import { EXIT } from "./exitCodes.ts";
import { formatRotation } from "./formatRotation.ts";
import { paintFor } from "./formatBlock.ts";
import { planRotation, type RotationFacts, type RotationStep } from "./planRotation.ts";
import { readRotation, type RotationParts } from "./readRotation.ts";
import { RotationJournal } from "./RotationJournal.ts";
import { SENDABLE, sendStep, type SendRotationParts } from "./sendRotation.ts";

type Flags = Readonly<Record<string, unknown>>;

const GWEI = 1_000_000_000n;

/**
 * `lockstep keys rotate --role pause|attest|post`: checks a new key, and says what to do in which order so that the keeper is never without
 * one; with `--send` sends what the bond's owner may send. Run again it goes on where it is.
 *
 * Returns 0, or 1 when the new key cannot be used. Throws what is wrong with the settings, and `Rotation…` when a step fails.
 */
export async function rotateKey(flags: Flags, context: CommandContext): Promise<number> {
  const { config, warnings } = loadKeeperConfig({ flags, env: context.env });
  requireSetting(config, "sources");
  const deployment = loadDeployment(requireSetting(config, "deployment"));
  const role = KEY_ROLES.find((each) => each === flags["role"]) ?? "pause";
  const isLocal = LOCAL_CHAIN_IDS.has(deployment.chainId);
  const holder = await openNewKey(role, flags, config);
  const end = new AbortController();
  const sources = config.sources.map((settings) => openIdleSource(settings, now, end.signal));
  try {
    const own = await ownAddresses(config);
    const reader = openReader(config, deployment.chainId, sources, isLocal);
    const next = nextKeeper(role, holder.address, flags);
    const { attest: attester } = own;
    if (attester === undefined) {
      throw configError([
        { name: "the attest key", expected: "set, or its address: it is the keeper's name in the registry" },
      ]);
    }
    const { requestDeadlineMs: deadlineMs } = config;
    const owner = flags["owner"] === undefined ? null : readAddress("--owner", flags["owner"]);
    const about: RotationParts = { role, deployment, sources, reader, deadlineMs, attester, next, owner };
    const facts = await readRotation(about);
    const cost = costOf(config);
    const checks = await checkRotation({ facts, holder, own, reader, cost, warnings, isLocal });
    const isUsable = checks.every(({ status }) => status !== "fail");
    const sent: string[] = [];
    const steps = isUsable ? await sendDue({ flags, config, context, about, facts, sent }) : planRotation(facts);
    const report = { role, old: own[role] ?? null, new: holder.address, checks, steps, sent };
    const text = config.json ? JSON.stringify(report) : formatRotation(report, paintFor(context.isColoured));
    context.stdout.write(`${text}\n`);
    return isUsable ? EXIT.clean : EXIT.fatal;
  } finally {
    holder.close();
    end.abort();
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** Sends what is due and may be sent, one after the other, where that is wanted. Returns what is left. */
async function sendDue(parts: {
  readonly flags: Flags;
  readonly config: KeeperConfig;
  readonly context: CommandContext;
  readonly about: RotationParts;
  readonly facts: RotationFacts;
  readonly sent: string[];
}): Promise<RotationStep[]> {
  const { flags, config, context, about, facts, sent } = parts;
  let steps = planRotation(facts);
  if (flags["send"] !== true) return steps;
  const signer = readOwnerKey(flags);
  try {
    const sender: SendRotationParts = {
      ...{
        signer,
        chainId: about.deployment.chainId,
        sources: about.sources,
        reader: about.reader,
        signal: context.signal,
      },
      ...{ maxFeePerGas: BigInt(config.maxFeePerGasGwei) * GWEI, deadlineMs: config.requestDeadlineMs },
      journal: new RotationJournal(config.dataDirectory),
    };
    let last: string | null = null;
    for (let step = due(steps, flags); step !== undefined; step = due(steps, flags)) {
      checkOwner(step, signer.address, facts);
      if (step.name === last) {
        const message = `${step.name} was included and changed nothing: look at the transaction that was sent last (${sent.at(-1) ?? ""})`;
        throw new KeeperError("RotationFailed", message, { step: step.name });
      }
      await confirm(`${signer.address} sends: ${step.name}: ${step.what}.`, flags["yes"] === true, context);
      const { hash, step: name } = await sendStep(step, sender);
      sent.push(`${name} ${hash}`);
      context.stderr.write(`included: ${name} ${hash}\n`);
      last = name;
      steps = planRotation(await readRotation(about));
    }
    return steps;
  } finally {
    signer.close();
  }
}

function due(steps: readonly RotationStep[], flags: Flags): RotationStep | undefined {
  return steps.find(({ name, state }) => {
    return state === "now" && SENDABLE.has(name) && (name !== "leave" || flags["leave"] === true);
  });
}

/** @throws KeeperError `OwnerKeyOther` for a step that another key has to send */
function checkOwner({ name }: RotationStep, address: Address, { owner, old }: RotationFacts): void {
  const needed = name === "leave" ? old.keeper.owner : name === "allow" || name === "bond" ? owner : address;
  if (needed === address) return;
  const message = `${name} has to be sent by ${needed}, --owner-key-file is the key of ${address}`;
  throw new KeeperError("OwnerKeyOther", message, { step: name, needed, address });
}

function readOwnerKey(flags: Flags): KeySigner {
  const path = flags["ownerKeyFile"];
  const name = "--owner-key-file";
  if (typeof path !== "string")
    throw configError([{ name, expected: "given with --send: the keeper's own keys send nothing but the keeper's" }]);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error: unknown) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw configError([{ name, value: path, expected: `a file that can be read (${code})` }]);
  }
  const parsed = parsePrivateKey(text);
  if (!parsed.ok) throw configError([{ name, expected: parsed.expected }]);
  return new KeySigner(parsed.value);
}

/** The new key where it is held, read as the settings of a key are. */
async function openNewKey(role: KeyRole, flags: Flags, config: KeeperConfig): Promise<Signer> {
  const { newKeyFile, newKeystore, newKeystorePasswordFile, newAddress } = flags;
  const names = { [`${role}KeyFile`]: newKeyFile, [`${role}Keystore`]: newKeystore, [`${role}Address`]: newAddress };
  const given = Object.entries({ ...names, [`${role}KeystorePasswordFile`]: newKeystorePasswordFile });
  const remote = (
    ["signerUrl", "signerClientCert", "signerClientKey", "signerCa", "signerDeadlineMs"] as const
  ).flatMap((key) =>
    newAddress === undefined || config[key] === undefined ? [] : [[key, String(config[key])] as const],
  );
  const set = Object.fromEntries([...given, ...remote].filter(([, value]) => value !== undefined));
  const loaded = loadKeeperConfig({ flags: set, env: {} });
  const signers = await openSigners(loaded.config);
  const signer = signers[role];
  if (signer !== undefined) return signer;
  const expected =
    "one of --new-key-file, --new-keystore with --new-keystore-password-file, --new-address with --signer-url";
  throw configError([{ name: "the new key", expected }]);
}

async function ownAddresses(config: KeeperConfig): Promise<Partial<Record<KeyRole, Address>>> {
  const signers = await openSigners(config);
  for (const signer of Object.values(signers)) signer.close();
  return Object.fromEntries(Object.entries(signers).map(([role, { address }]) => [role, address]));
}

/** The registry changes no key of a keeper: a new pause or attest key is that of a new keeper, which has both. */
function nextKeeper(role: KeyRole, address: Address, flags: Flags): RotationParts["next"] {
  if (role === "post") return null;
  const other = role === "pause" ? "attest" : "pause";
  const given = flags["newOtherAddress"];
  if (given === undefined) {
    const expected = `the address of a new ${other} key as well: KeeperRegistry changes no key of a keeper and takes none twice, so a new ${role} key means a new keeper with two new keys`;
    throw configError([{ name: "--new-other-address", expected }]);
  }
  const companion = readAddress("--new-other-address", given);
  return role === "pause" ? { attester: companion, pauser: address } : { attester: address, pauser: companion };
}

function readAddress(name: string, given: unknown): Address {
  const parsed = parseAddressSetting(given);
  if (parsed.ok) return parsed.value;
  throw configError([{ name, expected: parsed.expected }]);
}

function openReader(
  config: KeeperConfig,
  chainId: number,
  sources: ConstructorParameters<typeof VerifiedReader>[0]["sources"],
  isLocal: boolean,
): VerifiedReader {
  const { genesisHash, pin } = chainOf(chainId, config);
  return new VerifiedReader({
    ...{ sources, now, chainId, allowUnwitnessed: config.singleSource || isLocal, hedgeMs: config.hedgeMs },
    ...{ genesisHash: genesisHash ?? undefined, pin: pin ?? undefined, deadlineMs: config.requestDeadlineMs },
  });
}

function costOf({ maxFeePerGasGwei }: KeeperConfig): PauseCost {
  const feeCap = BigInt(maxFeePerGasGwei) * GWEI;
  return { gas: PAUSE_GAS_LIMIT, feeCap, feeNow: (base) => feesFor(base, 0, feeCap).maxFeePerGas };
}

function now(): number {
  return performance.now();
}
