import { expect } from "chai";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { LAYOUT as LEDGER } from "../../../keeper/books/generated/PositionLedger.ts";
import { LAYOUT as VAULT } from "../../../keeper/books/generated/CollateralVault.ts";
import type { Layout } from "../../../keeper/books/layout/Layout.ts";
import { ArtifactReader } from "../../../scripts/generate/ArtifactReader.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Which variable each constant of the library names. */
const CONSTANTS = [
  { constant: "LEDGER_ACCOUNTS_SLOT", contract: "PositionLedger", layout: LEDGER, label: "_accounts" },
  { constant: "LEDGER_POSITIONS_SLOT", contract: "PositionLedger", layout: LEDGER, label: "_positions" },
  { constant: "LEDGER_OPEN_IDS_SLOT", contract: "PositionLedger", layout: LEDGER, label: "_openIds" },
  { constant: "LEDGER_MARKETS_SLOT", contract: "PositionLedger", layout: LEDGER, label: "_markets" },
  { constant: "LEDGER_COLLATERAL_SLOT", contract: "PositionLedger", layout: LEDGER, label: "_collateral" },
  { constant: "VAULT_FLOWS_SLOT", contract: "CollateralVault", layout: VAULT, label: "_flows" },
  { constant: "VAULT_CLAIMS_SLOT", contract: "CollateralVault", layout: VAULT, label: "_claims" },
  { constant: "VAULT_CLAIMS_PAID_SLOT", contract: "CollateralVault", layout: VAULT, label: "_claimsPaid" },
] as const;

/** Members of each word that vault and verifier take apart by shifting: label, offset in bytes of the first word. */
const MEMBERS = [
  {
    contract: "PositionLedger",
    type: "t_struct(Account)",
    members: [
      ...["quote@0", "openCount@16", "epoch@18", "assets@22", "lastInstrument@26", "lastWasLong@28"],
      ...["hasDebt@29", "isUsed@30"],
    ],
  },
  { contract: "PositionLedger", type: "t_struct(Collateral)", members: ["balance@0", "isUsed@16"] },
  { contract: "PositionLedger", type: "t_struct(PositionWord)", members: ["size@0", "index@12", "increasedAt@24"] },
  {
    contract: "PositionLedger",
    type: "t_struct(Market)",
    members: [
      ...["longIndex@0", "shortIndex@12", "accruedAt@24", "observedAt@28"],
      ...["clearing@0", "openInterest@14", "premiumPpb@26", "isUsed@30"],
    ],
  },
  { contract: "CollateralVault", type: "t_struct(Flow)", members: ["deposited@0", "withdrawn@13", "openedAt@26"] },
  { contract: "CollateralVault", type: "t_struct(Claim)", members: ["owed@0", "paid@16"] },
  { contract: "CollateralVault", type: "t_struct(ClaimPaid)", members: ["claimed@0", "isUsed@15"] },
] as const;

describe("LedgerLayout", () => {
  const source = readFileSync(`${ROOT}contracts/libraries/LedgerLayout.sol`, "utf8");
  const reader = new ArtifactReader(ROOT);
  const solc = (contract: string) => reader.read(contract, `contracts/clearing/${contract}.sol`).storageLayout;

  for (const { constant, contract, layout, label } of CONSTANTS) {
    it(`has ${constant} where solc puts ${contract}.${label}`, () => {
      const declared = new RegExp(`${constant} = (\\d+);`).exec(source)?.[1];
      expect(declared).to.equal(solc(contract).storage.find((variable) => variable.label === label)?.slot);
      const generated = (layout as Layout).variables.find((variable) => variable.label === label);
      expect(generated?.slot).to.equal(BigInt(declared!));
    });
  }

  for (const { contract, type, members } of MEMBERS) {
    it(`takes ${contract} ${type} apart as solc packs it`, () => {
      const types = Object.entries(solc(contract).types ?? {});
      const struct = types.find(([name]) => name.startsWith(type))?.[1];
      expect(struct?.members?.map(({ label, offset }) => `${label}@${offset}`)).to.deep.equal(members);
    });
  }
});
