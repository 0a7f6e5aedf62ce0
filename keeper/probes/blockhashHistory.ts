import { fail, ok, skip, warn } from "./Probe.ts";
import type { SourceProbe } from "./SourceContext.ts";

/** The history contract of EIP-2935. */
const HISTORY = "0x0000f90827f1c53a10cb7a02335b175320002935";
/** Beyond the reach of the opcode, where the chain is that long. */
const DEPTH = 300;
const NO_HISTORY = "hashes reach 256 blocks back only: checkpoints and proofs must be posted before that";

/** Whether block hashes older than 256 blocks are to be had in the EVM (EIP-2935). */
export const blockhashHistory: SourceProbe = {
  name: "EIP-2935",
  run: async (context) => {
    const { header } = await context.head();
    const code = await context.try("eth_getCode", HISTORY, "latest");
    if (!code.ok || code.result === "0x") return warn("no history contract", NO_HISTORY);
    const number = header.number > DEPTH + 1 ? header.number - DEPTH : header.number - 1;
    if (number < 0) return skip("the chain has one block only");
    const expected = (await context.block(number))?.header.hash;
    const data = `0x${number.toString(16).padStart(64, "0")}`;
    const answer = await context.try("eth_call", { to: HISTORY, data }, `0x${header.number.toString(16)}`);
    if (!answer.ok) return warn("the history contract reverts", NO_HISTORY);
    if (typeof answer.result === "string" && answer.result.toLowerCase() === expected) {
      return ok(`knows block ${number}, ${header.number - number} below the head`);
    }
    return fail(
      `the history contract says another hash of block ${number}`,
      "OpenZeppelin's Blockhash would return it: never trust a hash that was not bound within 256 blocks here",
    );
  },
};
