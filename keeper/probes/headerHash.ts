import { HEADER_FIELDS } from "../chain/verify/headerFields.ts";
import { VerificationError } from "../chain/verify/VerificationError.ts";
import { decodeRlp } from "../lib/rlp.ts";
import { hexToBytes } from "../lib/hex.ts";
import { printable } from "../lib/printable.ts";
import { fail, ok } from "./Probe.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** The fork that gave headers their number of fields. */
const SHAPES: Readonly<Record<number, string>> = {
  15: "legacy",
  16: "London",
  17: "Shanghai",
  20: "Cancun",
  21: "Prague",
  // EIP-7928 taken over without EIP-7843.
  22: "early Amsterdam",
  23: "Amsterdam",
};

/** Characters that are shown of the names of unknown fields. */
const MAX_SHOWN = 200;

/** Whether the newest header, encoded again, hashes to the block's hash: nothing is proved without it. */
export const headerHash: SourceProbe = {
  name: "header",
  run: async (context) => {
    try {
      const { header } = await context.head();
      const fields = decodeRlp(hexToBytes(header.rlp)).length;
      return ok(`block ${header.number} re-hashes, ${SHAPES[fields] ?? "unknown"} shape (${fields} fields)`);
    } catch (error: unknown) {
      if (!(error instanceof VerificationError)) throw error;
      if (error.code !== "HeaderUnsupported") {
        return fail(
          `the header does not hash to the block's hash (${error.code})`,
          "the source alters headers, or its chain has headers of another form: it is quarantined",
        );
      }
      const fields = printable((error.payload["fields"] as readonly string[]).join(", "), MAX_SHOWN);
      return fail(
        `unsupported: fields beyond the ${HEADER_FIELDS.length} known ones (${fields})`,
        "a fork that this version does not know: the keeper says Unknown (unsupported); update it",
      );
    }
  },
};
