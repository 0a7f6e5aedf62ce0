import { expect } from "chai";

import type { TokenSlot } from "../../../keeper/domain/TokenSlot.ts";
import { bigintToHex32, type Address } from "../../../keeper/lib/hex.ts";
import { Custody } from "../../../keeper/loop/Custody.ts";
import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { impersonate, listCollateral } from "../../helpers/assets.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { allowDeposits, depositAllowed } from "../../helpers/keeper/deposits.ts";
import { lyingRpc } from "../../../testing/lies.ts";
import type { Rpc } from "../../../testing/Rpc.ts";
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
function findings({ verdict }: InProcessKeeper): readonly string[] {
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

  function keeper(tokens: readonly TokenSlot[], choice: Parameters<World["keeper"]>[0] = {}): InProcessKeeper {
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

  describe("of a token whose slot is not declared", () => {
    const FROM = 5_000;

    /** Three operators of one chain; some of them answer `balanceOf` by themselves. */
    function sources(lies: Readonly<Record<string, bigint>>): Record<string, Rpc> {
      const rpcOf = (name: string): Rpc =>
        lyingRpc(world.rpc, (method, params, ask) => {
          const told = lies[name];
          return method === "eth_call" && told !== undefined ? bigintToHex32(told) : ask(method, params);
        });
      return { a: rpcOf("a"), b: rpcOf("b"), c: rpcOf("c") };
    }

    /** Follows the head and lets the time of the next question come. */
    async function pass(driver: InProcessKeeper): Promise<void> {
      await world.mine();
      await driver.follow();
      await driver.tick(FROM);
    }

    function conditions(driver: InProcessKeeper): readonly string[] {
      return driver.keeper.conditions.flatMap(({ kind, detail }) => (kind === "custody-suspect" ? [detail] : []));
    }

    it("is only suspected, by what k operators say, and alerted: no pause, and signatures go on", async () => {
      const driver = keeper([slotOf(usd)], { rpcs: sources({}) });
      await driver.follow();
      await takeAway(world, weth, 5n);
      await pass(driver);
      const detail = `the vault holds 995 of ${addressOf(weth)} and owes 1000: 5 are missing, as k operators say`;
      expect(conditions(driver)).to.deep.equal([detail]);
      expect(driver.all("alert").filter(({ event }) => event === "custody-suspect")).to.deep.equal([
        { type: "alert", level: "critical", event: "custody-suspect", detail },
      ]);
      expect([findings(driver), driver.hasSigned]).to.deep.equal([["InSync"], false]);
      await refill(world, weth, 5n);
      await pass(driver);
      await pass(driver);
      expect(conditions(driver)).to.deep.equal([]);
    });

    it("is not suspected where one of three says so, nor trusted where one says that all is there (G15)", async () => {
      const driver = keeper([], { rpcs: sources({ b: 1n }) });
      await driver.follow();
      await pass(driver);
      expect(conditions(driver)).to.deep.equal([]);
      await takeAway(world, weth, 5n);
      const soothed = keeper([], { rpcs: sources({ b: HELD }) });
      for (let round = 0; round < 3; round += 1) for (const each of [driver, soothed]) await pass(each);
      expect(conditions(soothed)).to.have.length(1);
      expect(driver.verdict.kind).to.equal("InSync");
    });

    it("keeps what was known where the sources do not agree, or do not answer", async () => {
      const lies: Record<string, bigint> = {};
      const driver = keeper([], { rpcs: sources(lies) });
      await driver.follow();
      await takeAway(world, weth, 5n);
      await pass(driver);
      expect(conditions(driver)).to.have.length(1);
      Object.assign(lies, { a: HELD, b: 1n });
      await pass(driver);
      expect(conditions(driver)).to.have.length(1);
      Object.assign(lies, { a: HELD, b: HELD });
      await pass(driver);
      expect(conditions(driver)).to.deep.equal([]);
    });

    it("is asked for at a hash, all assets of a source in one message, and of proven tokens not at all", async () => {
      const driver = keeper([slotOf(usd)], { rpcs: sources({}) });
      await driver.follow();
      for (let round = 0; round < 2; round += 1) await pass(driver);
      const asked = driver.all("request").filter(({ calls }) => calls.some(({ method }) => method === "eth_call"));
      expect(new Set(asked.map(({ source }) => source)).size).to.equal(3);
      for (const { calls } of asked) {
        expect(calls.map(({ params }) => (params[0] as { to: string }).to)).to.deep.equal([addressOf(weth)]);
        expect(calls[0]!.params[1]).to.have.property("blockHash");
      }
    });

    it("says that a declared slot is wrong, and then goes by what is asked", async () => {
      const driver = keeper([slotOf(usd), slotOf(weth, 3n)], { rpcs: sources({}) });
      await driver.follow();
      await pass(driver);
      const alerts = driver.all("alert").filter(({ event }) => event === "token-slot-wrong");
      expect(alerts.map(({ detail }) => detail)).to.deep.equal([
        `the slot declared of ${addressOf(weth)} holds 0, where k operators say that the vault holds ${HELD}: custody of it is only asked for`,
      ]);
      await takeAway(world, weth, 5n);
      await pass(driver);
      expect([conditions(driver).length, findings(driver)]).to.deep.equal([1, ["InSync"]]);
    });
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
