import type { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { fail, ok, type ProbeOutcome } from "./Probe.ts";

/** What one source said, as `NoAgreement` tells it. */
interface Said {
  readonly source: string;
  readonly fault?: string;
  readonly number?: number;
}

/** Whether k operators agree on a block now. */
export async function checkAgreement(reader: VerifiedReader): Promise<ProbeOutcome> {
  try {
    const { header, votes } = await reader.head();
    return ok(`block ${header.number} ${header.hash.slice(0, 10)}… by ${votes} operators`);
  } catch (error: unknown) {
    if (!KeeperError.is(error, "NoAgreement")) throw error;
    const said = error.payload["said"] as readonly Said[];
    const claims = said.map(({ source, fault, number }) => `${source}: ${fault ?? `block ${number ?? "?"}`}`);
    return fail(
      `${error.message} (${claims.join("; ")})`,
      "nothing is InSync, nothing is signed: find out who is wrong",
    );
  }
}
