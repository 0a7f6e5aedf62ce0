import { buildLockstep } from "../buildLockstep.ts";

/** The protocol with a ledger that has a bug, for drills and tests. */
export default buildLockstep("FlawedLockstep", { ledger: "FlawedPositionLedger" });
