import { createRequire } from "node:module";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

/** solc is an npm dependency (`solc/soljson.js`), so nothing is downloaded at compile time. */
const compiler = {
  version: "0.8.37",
  path: require.resolve("solc/soljson.js"),
  settings: {
    evmVersion: "prague",
    viaIR: false,
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { "*": { "*": ["storageLayout"] } },
  },
};

/**
 * The IR pipeline for what verifies proofs and signatures: it halves their memory traffic. Not for the others, which it
 * does not help as much as it costs to compile.
 */
const viaIR = Object.fromEntries(
  [
    "contracts/sync/CheckpointRegistry.sol",
    "contracts/sync/KeeperRegistry.sol",
    "contracts/sync/SyncGuard.sol",
    "contracts/sync/WitnessVerifier.sol",
    "contracts/mocks/StorageProofHarness.sol",
    "contracts/clearing/CollateralVault.sol",
  ].map((source) => [source, { ...compiler, settings: { ...compiler.settings, viaIR: true } }]),
);
const profile = { compilers: [compiler], overrides: viaIR };

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: {
    profiles: { default: profile, production: profile },
    npmFilesToBuild: ["@openzeppelin/contracts/access/manager/AccessManager.sol"],
  },
  paths: { ignition: "deploy", tests: { mocha: "test", solidity: "test/solidity" } },
  typechain: { outDir: "types/ethers-contracts", tsNocheck: true },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "prague" },
    // Without equal timestamps every automined block would push the chain's clock ahead of the real one.
    node: {
      type: "edr-simulated",
      chainType: "l1",
      chainId: 31337,
      hardfork: "prague",
      allowBlocksWithSameTimestamp: true,
    },
    localhost: { type: "http", chainType: "l1", url: "http://127.0.0.1:8545" },
  },
  test: { mocha: { timeout: 120_000 } },
});
