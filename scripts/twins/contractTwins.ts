import type { Twin } from "./Twin.ts";

const SYNC = "test/contracts/sync/";
const GUARD = "contracts/sync/SyncGuard.sol";
const REGISTRY = "contracts/sync/CheckpointRegistry.sol";

/** Broken contracts. */
export const CONTRACT_TWINS: readonly Twin[] = [
  {
    name: "pauses for a block of another chain",
    file: GUARD,
    find: "        require(actual == blockHash, GuardWrongBlock(blockNumber, blockHash, actual));",
    replace: "        actual;",
    tests: [`${SYNC}guard.test.ts`],
  },
  {
    name: "pauses again for a block that was judged",
    file: GUARD,
    find: "        if (_isJudged(next, blockNumber)) return;",
    replace: "",
    tests: [`${SYNC}budget.test.ts`, `${SYNC}guard.test.ts`],
  },
  {
    name: "lifts a soft pause by time alone",
    file: GUARD,
    find: "            newest > current.softBlock;",
    replace: "            newest >= 0;",
    tests: [`${SYNC}grades.test.ts`],
  },
  {
    name: "lets a guardian pause for ever: no cool-down",
    file: "contracts/libraries/PauseBudget.sol",
    find: "        return end + terms.coolDown;",
    replace: "        return end;",
    tests: [`${SYNC}budget.test.ts`],
  },
  {
    name: "starts no grace when a pause ends",
    file: GUARD,
    find: "        LEDGER.push(pushed.without(HALTED_FLAGS), checkpointTime, _now() + GRACE);",
    replace: "        LEDGER.push(pushed.without(HALTED_FLAGS), checkpointTime, _now());",
    tests: [`${SYNC}grades.test.ts`, `${SYNC}resume.test.ts`],
  },
  {
    name: "resumes by a certificate for an earlier pause",
    file: GUARD,
    find: "        require(certificate.pauseNonce == current.nonce, GuardWrongNonce(certificate.pauseNonce, current.nonce));",
    replace: "",
    tests: [`${SYNC}resumeCertificates.test.ts`, `${SYNC}resume.test.ts`],
  },
  {
    name: "resumes on a checkpoint from before the halt",
    file: GUARD,
    find: "        require(number > after_, GuardCheckpointTooOld(number, after_ + 1));",
    replace: "        after_;",
    tests: [`${SYNC}resume.test.ts`],
  },
  {
    name: "resumes while tokens are missing",
    file: GUARD,
    find: "        require(custody >= held, GuardCustodyShort(custody, held));",
    replace: "        custody; held;",
    tests: [`${SYNC}resume.test.ts`],
  },
  {
    name: "takes a checkpoint that goes back",
    file: REGISTRY,
    find: "        require(number > cursor.highest(), RegistryNotNewer(number, cursor.highest()));",
    replace: "",
    tests: [`${SYNC}post.test.ts`],
  },
  {
    name: "takes a checkpoint of an orphaned block",
    file: REGISTRY,
    find: "        require(actual == blockHash, RegistryWrongBlock(number, blockHash, actual));\n        uint32 setId",
    replace: "        actual;\n        uint32 setId",
    tests: [`${SYNC}post.test.ts`],
  },
  {
    name: "accepts a zero root",
    file: REGISTRY,
    find: "        if (hasZero) _refuseZero(roots);",
    replace: "        hasZero;",
    tests: ["test/contracts/zeroes.test.ts", `${SYNC}post.test.ts`],
  },
  {
    name: "counts one keeper's signature as often as it is given",
    file: "contracts/libraries/Quorum.sol",
    find: "        if (index != signers.length) {",
    replace: "        if (index > signers.length) {",
    tests: [`${SYNC}postQuorum.test.ts`],
  },
  {
    name: "is content with one signature too few",
    file: "contracts/libraries/Quorum.sol",
    find: "        require(signers.length >= required, QuorumTooFew(signers.length, required));",
    replace: "        require(signers.length + 1 >= required, QuorumTooFew(signers.length, required));",
    tests: [`${SYNC}postQuorum.test.ts`],
  },
  {
    name: "pays what is booked and not what is proven",
    file: "contracts/clearing/CollateralVault.sol",
    find: "        return Math.min(balance, Math.saturatingSub(brought, leftSince));",
    replace: "        brought; leftSince; return balance;",
    tests: ["test/contracts/clearing/witness.test.ts"],
  },
  {
    name: "pays the same hundred again: forgets what has left",
    file: "contracts/clearing/CollateralVault.sol",
    find: "        return Math.min(balance, Math.saturatingSub(brought, leftSince));",
    replace: "        leftSince; return Math.min(balance, brought);",
    tests: ["test/contracts/clearing/witness.test.ts"],
  },
  {
    name: "liquidates in the grace",
    file: "contracts/clearing/LiquidationAuction.sol",
    find: "        require(block.timestamp >= hot.graceUntil, AuctionInGrace(hot.graceUntil));",
    replace: "",
    tests: ["test/contracts/clearing/auction.test.ts"],
  },
  {
    name: "liquidates while liquidations are paused",
    file: "contracts/clearing/LiquidationAuction.sol",
    find: "        require(!hot.flags.has(LIQUIDATE), AuctionRestricted());",
    replace: "",
    tests: ["test/contracts/clearing/auction.test.ts"],
  },
];
