import { expect } from "chai";

import type { TokenSlot } from "../../../keeper/domain/TokenSlot.ts";
import { bigintToHex32, type Address } from "../../../keeper/lib/hex.ts";
import { Custody } from "../../../keeper/loop/Custody.ts";
import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { impersonate, listCollateral } from "../../helpers/assets.ts";
import type { CoreDriver } from "../../helpers/keeper/CoreDriver.ts";
import { allowDeposits, depositAllowed } from "../../helpers/keeper/deposits.ts";
import { lyingRpc } from "../../helpers/keeper/lies.ts";
import type { Rpc } from "../../helpers/keeper/Rpc.ts";
import { World } from "../../helpers/keeper/World.ts";

const HELD = 1_000n;

/** The balances of a token of OpenZeppelin's are its first variable; the other slots of it hold no balances. */
function slotOf(token: MockToken, slot = 0n): TokenSlot {
  return { token: addressOf(token), slot: bigintToHex32(slot), order: "solidity" };
}

function addressOf({ target }: { readonly target: unknown }): Address {
  return (target as string).toLowerCase() as Address;
}

/** Takes units out of the vault behind its back, as whoever controls the token may: the vault's books know nothing of it. */
async function takeAway({ system }: World, token: MockToken, amount: bigint): Promise<void> {
  const vault = await impersonate(system, system.vault.target as string);
  await token.connect(vault).transfer(system.admin.address, amount);
}

async function refill({ system }: World, token: MockToken, amount: bigint): Promise<void> {
  await token.connect(system.admin).transfer(system.vault.target, amount);
}

/** Whether an `eth_getProof` is about a token: of other accounts no slots are asked for. */
function isTokenProof([, slots]: readonly unknown[]): boolean {
  return (slots as readonly unknown[]).length === 1;
}

/** What stands against the newest block. */
function findings({ verdict }: CoreDriver): readonly string[] {
  if (verdict.kind !== "Diverged") return [verdict.kind];
  return verdict.findings.map(({ cause, contract, detail }) => `${cause} ${contract}: ${detail}`);
}

describe("Keeper and custody below the books (F13)", function () {
  this.timeout(60_000);
  let world: World;
  let usd: MockToken;
  let weth: MockToken;
  let undo: string;

  function expectedOf(token: MockToken, held: bigint, owed: bigint): string {
    const amounts = `the vault holds ${held} of ${addressOf(token)} and owes ${owed}: ${owed - held} are missing`;
    return `custody-short CollateralVault: ${amounts}`;
  }

  function keeper(tokens: readonly TokenSlot[], choice: Parameters<World["keeper"]>[0] = {}): CoreDriver {
    return world.keeper({ ...choice, options: { tokenSlots: tokens, ...choice.options } });
  }

  before(async () => {
    world = await World.open();
    const { system } = world;
    usd = system.usd;
    weth = await system.ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18]);
    await listCollateral(system, weth);
    const [user] = system.users;
    await allowDeposits(system, user!);
    await depositAllowed(system, user!, HELD);
    await weth.mint(user!.address, HELD);
    await weth.connect(user!).approve(system.vault.target, HELD);
    await system.vault.connect(user!).deposit(accountOf(user!), weth.target, HELD);
  });

  beforeEach(async () => {
    undo = (await world.send("evm_snapshot")) as string;
  });

  afterEach(() => world.send("evm_revert", undo));

  after(() => world.close());

  it("pauses in the block in which a proven balance falls below what is owed, and names token and amounts", async () => {
    const driver = keeper([slotOf(usd), slotOf(weth)]);
    await driver.follow();
    expect(findings(driver)).to.deep.equal(["InSync"]);
    await takeAway(world, weth, 1n);
    const blockNumber = Number(await world.send("eth_blockNumber"));
    await driver.follow();
    expect(findings(driver)).to.deep.equal([expectedOf(weth, HELD - 1n, HELD)]);
    expect(driver.incident).to.include({
      state: "contained",
      cause: "custody-short",
      contract: "CollateralVault",
      blockNumber,
    });
    expect(driver.incident?.detail).to.equal(
      expectedOf(weth, HELD - 1n, HELD)
        .split(": ")
        .slice(1)
        .join(": "),
    );
    expect((await world.flags()) & 1n).to.equal(1n);
  });

  it("asks for the words in the batch that asks for the other proofs, and for no more of it", async () => {
    const [plain, driver] = [keeper([]), keeper([slotOf(usd), slotOf(weth)])];
    for (const each of [plain, driver]) await each.follow();
    await world.mine(2);
    const before = [plain, driver].map((each) => each.all("request").length);
    for (const each of [plain, driver]) await each.follow();
    const asked = [plain, driver].map((each, index) => each.all("request").slice(before[index]));
    expect(asked[1]).to.have.length(asked[0]!.length);
    const proofs = asked.map((requests) =>
      requests.map(({ calls }) => calls.filter(({ method }) => method === "eth_getProof")),
    );
    for (const [index, calls] of proofs[1]!.entries()) {
      expect(calls).to.have.length(proofs[0]![index]!.length === 0 ? 0 : proofs[0]![index]!.length + 2);
    }
  });

  it("finds nothing in a gift, in deposits and withdrawals, nor where the vault holds exactly what it owes", async () => {
    const driver = keeper([slotOf(usd), slotOf(weth)]);
    await driver.follow();
    await weth.mint(world.system.vault.target, 7n);
    await driver.follow();
    await takeAway(world, weth, 7n);
    await driver.follow();
    const [user] = world.system.users;
    await world.system.vault.connect(user!).withdraw(accountOf(user!), usd.target, HELD, user!.address);
    await driver.follow();
    expect(findings(driver)).to.deep.equal(["InSync"]);
    expect(driver.all("incident")).to.deep.equal([]);
  });

  it("stands until the vault holds enough again, and is then mended", async () => {
    const driver = keeper([slotOf(usd), slotOf(weth)]);
    await driver.follow();
    await takeAway(world, usd, 400n);
    await driver.follow();
    await takeAway(world, weth, 300n);
    await refill(world, usd, 399n);
    await driver.follow();
    expect(findings(driver)).to.deep.equal([expectedOf(usd, 600n, HELD), expectedOf(weth, 700n, HELD)]);
    await refill(world, usd, 1n);
    await driver.follow();
    expect(findings(driver)).to.deep.equal([expectedOf(weth, 700n, HELD)]);
    expect(driver.incident?.state).to.equal("contained");
    await refill(world, weth, 300n);
    await driver.follow();
    expect(findings(driver)).to.deep.equal(["InSync"]);
    expect(driver.incident?.state).to.equal("resuming");
    expect(new Set(driver.all("incident").map(({ report: { id } }) => id)).size).to.equal(1);
  });

  it("is gone with a block that a reorg takes, and back with one that takes the refill", async () => {
    const driver = keeper([slotOf(weth)]);
    await driver.follow();
    const withoutTheft = await world.fork();
    await takeAway(world, weth, 5n);
    await driver.follow();
    expect(driver.incident?.cause).to.equal("custody-short");
    await withoutTheft();
    await driver.follow();
    expect([findings(driver), driver.incident?.state]).to.deep.equal([["InSync"], "orphaned"]);

    await takeAway(world, weth, 5n);
    await driver.follow();
    const short = findings(driver);
    const withoutRefill = await world.fork();
    await refill(world, weth, 5n);
    await driver.follow();
    expect(findings(driver)).to.deep.equal(["InSync"]);
    await withoutRefill();
    await driver.follow();
    expect(findings(driver)).to.deep.equal(short);
    expect(driver.incident?.state).to.equal("contained");
  });

  it("covers a token that is listed later, and one that is declared and never listed", async () => {
    const { system } = world;
    const late = await system.ethers.deployContract("MockToken", ["Late", "LATE", 18]);
    const driver = keeper([slotOf(late), slotOf(system.bondToken)]);
    await driver.follow();
    await listCollateral(system, late);
    const [user] = system.users;
    await late.mint(user!.address, 10n);
    await late.connect(user!).approve(system.vault.target, 10n);
    await system.vault.connect(user!).deposit(accountOf(user!), late.target, 10n);
    await driver.follow();
    expect(findings(driver)).to.deep.equal(["InSync"]);
    await takeAway(world, late, 10n);
    await driver.follow();
    expect(findings(driver)).to.deep.equal([expectedOf(late, 0n, 10n)]);
  });

  it("says nothing by a slot that was never seen to be the balance's, and all by one that was seen at start", async () => {
    const wrong = slotOf(weth, 3n);
    const drivers = [keeper([wrong]), keeper([{ ...wrong, isConfirmed: true }], { keys: {} })];
    for (const driver of drivers) await driver.follow();
    await world.mine();
    for (const driver of drivers) await driver.follow();
    expect(drivers.map(findings)).to.deep.equal([["InSync"], [expectedOf(weth, 0n, HELD)]]);
  });

  it("finds a vault that is short when the keeper starts, by a slot that was seen then", async () => {
    await takeAway(world, weth, HELD);
    await world.mine(2);
    const driver = keeper([{ ...slotOf(weth), isConfirmed: true }]);
    await driver.follow();
    // Hardhat proves the block before wrongly, since a balance was set in it.
    await driver.tick();
    await driver.follow();
    expect(findings(driver)).to.deep.equal([expectedOf(weth, 0n, HELD)]);
    expect(driver.incident?.state).to.equal("contained");
  });

  it("asks the next source where one holds a token's proof back, and quarantines one that forges it", async () => {
    const holding = lyingRpc(world.rpc, (method, params, ask) => {
      if (method === "eth_getProof" && isTokenProof(params)) throw new Error("not now");
      return ask(method, params);
    });
    const forging = lyingRpc(world.rpc, async (method, params, ask) => {
      const answer = await ask(method, params);
      if (method !== "eth_getProof" || !isTokenProof(params)) return answer;
      return { ...(answer as object), storageProof: [{ proof: ["0xc0"] }] };
    });
    const rpcs: Record<string, Rpc> = { a: holding, b: forging, c: world.rpc };
    const driver = keeper([slotOf(weth)], { rpcs });
    await driver.follow();
    await takeAway(world, weth, 1n);
    await driver.follow();
    expect(findings(driver)).to.deep.equal([expectedOf(weth, HELD - 1n, HELD)]);
    expect(
      [...new Set(driver.all("quarantine").map(({ source }) => source))].filter((source) => source !== "b"),
    ).to.deep.equal([]);
  });

  it("judges the books where nobody can prove the token, and the token as soon as somebody can", async () => {
    let isSilent = false;
    const silent = lyingRpc(world.rpc, (method, params, ask) => {
      if (isSilent && method === "eth_getProof" && isTokenProof(params)) throw new Error("never");
      return ask(method, params);
    });
    const driver = keeper([slotOf(weth)], { rpcs: { a: silent } });
    await driver.follow();
    await takeAway(world, weth, 1n);
    const number = Number(await world.send("eth_blockNumber"));
    isSilent = true;
    await driver.follow();
    expect(driver.reports.at(-1)?.number).to.be.lessThan(number);
    await driver.tick(600);
    expect(driver.reports.at(-1)?.number).to.equal(number);
    expect(findings(driver)).to.deep.equal(["InSync"]);
    isSilent = false;
    await world.mine();
    await driver.follow();
    expect(findings(driver)).to.deep.equal([expectedOf(weth, HELD - 1n, HELD)]);
  });

  it("a comparison that looks away misses it: the broken twin", async () => {
    class Blind extends Custody {
      override after: Custody["after"] = (before) => before;
    }
    const tokens = [slotOf(weth)];
    const blind = keeper(tokens, { replacements: { custody: (books) => new Blind(books, tokens) } });
    const sound = keeper(tokens, { keys: {} });
    for (const driver of [blind, sound]) await driver.follow();
    await takeAway(world, weth, 1n);
    for (const driver of [blind, sound]) await driver.follow();
    expect([blind.verdict.kind, sound.verdict.kind]).to.deep.equal(["InSync", "Diverged"]);
  });
});
