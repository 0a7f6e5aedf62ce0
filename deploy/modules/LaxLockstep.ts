import { buildLockstep } from "../buildLockstep.ts";

/** The protocol with a margin engine that forgets to ask for margin, for drills and tests. */
export default buildLockstep("LaxLockstep", { margin: "LaxMarginEngine" });
