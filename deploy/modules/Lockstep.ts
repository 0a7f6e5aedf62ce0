import { buildLockstep } from "../buildLockstep.ts";

/** The protocol as it is meant to be: `npx hardhat ignition deploy deploy/modules/Lockstep.ts --network localhost`. */
export default buildLockstep("Lockstep");
