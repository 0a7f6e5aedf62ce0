import { readFile, stat } from "node:fs/promises";

import { loadDeployment } from "../config/deployment.ts";
import { MAX_BUNDLE_BYTES } from "../evidence/bundle/Bundle.ts";
import { verifyBundle, type VerifyOptions } from "../evidence/bundle/verifyBundle.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";
import { formatVerification } from "./formatVerification.ts";

/** The command line of a verification. */
export interface VerifyFlags {
  /** One JSON object instead of lines for people. */
  readonly json?: boolean;
  /** A deployment file: a bundle of other contracts is invalid. */
  readonly deployment?: string;
  /** Takes prices that are not proved on the keeper's word. */
  readonly takePrices?: boolean;
}

/**
 * `lockstep verify <bundle>`: verifies a bundle of evidence without a network, a keeper or a chain. Returns 0 when it is
 * confirmed, 1 when it is refuted, incomplete or invalid, 2 when there is no such file.
 *
 * @throws KeeperError `DeploymentInvalid`
 */
export async function verify(file: string, flags: VerifyFlags, context: CommandContext): Promise<number> {
  const write = (line: string): unknown => context.stdout.write(`${line}\n`);
  const text = await readText(file, context);
  if (text === null) return EXIT.usage;
  const options: VerifyOptions = {
    ...(flags.deployment === undefined ? {} : { deployment: loadDeployment(flags.deployment) }),
    takesPrices: flags.takePrices ?? false,
  };
  const verification = verifyBundle(text, options);
  if (flags.json === true) write(JSON.stringify(verification, toJsonValue));
  else for (const line of formatVerification(verification)) write(line);
  return verification.result === "confirmed" ? EXIT.clean : EXIT.fatal;
}

async function readText(file: string, { stderr }: CommandContext): Promise<string | null> {
  try {
    const { size } = await stat(file);
    // What is larger is no bundle: a text of its size is all that is looked at.
    return size > MAX_BUNDLE_BYTES ? "x".repeat(MAX_BUNDLE_BYTES + 1) : await readFile(file, "utf8");
  } catch (error: unknown) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    stderr.write(`lockstep: ${file} cannot be read (${reason}): name the file bundle.lockstep of an incident\n`);
    return null;
  }
}

/** Words as hex, which every tool reads. */
function toJsonValue(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `0x${value.toString(16)}` : value;
}
