import { expect } from "chai";

import { LockstepClient, LockstepError, type StreamedEvent } from "../../../client/index.ts";
import { startLocalKeeper, type LocalKeeper } from "../../../scripts/local/LocalKeeper.ts";
import { accountIdOf, developmentWallet, ROLES } from "../../../scripts/local/accounts.ts";
import { migrateQuote } from "../../../scripts/local/attack.ts";
import { verifyBundle } from "../../../keeper/evidence/bundle/verifyBundle.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { Waiters } from "../../helpers/keeper/Waiters.ts";
import { OpenApiDocument } from "../../helpers/OpenApiDocument.ts";
import { SILENT } from "../../helpers/silentLog.ts";

const STRICT = 0;
const PARAMETERS = { account: "accounts", instrument: "instruments", id: "incidents" } as const;

describe("the verified read API of a keeper", function () {
  this.timeout(120_000);
  let world: LocalWorld;
  let keeper: LocalKeeper;
  let client: LockstepClient;
  let document: OpenApiDocument;
  let url: string;
  const waiters = new Waiters();
  const [trader] = ROLES.traders.map((index) => accountIdOf(developmentWallet(index))) as [string];

  before(async () => {
    world = await LocalWorld.open("anvil", 61, { module: "FlawedLockstep" });
    await world.trade(24);
    keeper = await startLocalKeeper({
      ...{ sources: [world.node.wsUrl], deployment: world.market.chain.deployment, log: SILENT },
      onEffect: () => setImmediate(() => waiters.wake()),
    });
    url = keeper.service.apiUrl;
    client = new LockstepClient(url);
    document = await OpenApiDocument.of(url);
    await level();
  });

  after(async () => {
    await keeper.stop();
    await world.close();
  });

  /** Until the keeper has found the newest block in sync. */
  async function level(): Promise<number> {
    const { number } = await world.market.chain.readHead();
    await waiters.until(() => {
      const { lastReport, state } = keeper.service.status;
      return (lastReport?.number ?? -1) >= number && state === "IN_SYNC";
    });
    return number;
  }

  /** The answer to a path, held against the document. */
  async function get(
    path: string,
    template = path.split("?", 1)[0]!,
  ): Promise<{ status: number; headers: Headers; body: unknown }> {
    const { status, headers, ...response } = await fetch(`${url}${path}`).then(async (response) => ({
      ...{ status: response.status, headers: response.headers },
      text: await response.text(),
    }));
    const body: unknown = JSON.parse(response.text);
    expect(document.check(template, status, body), path).to.equal(null);
    return { status, headers, body };
  }

  it("says what the contracts say, under the head's hash and the root that checkpoints sign", async () => {
    const number = await level();
    const { chain } = world.market;
    const { data: account, provenAt } = await client.account(trader);
    const { hash } = (await world.send("eth_getBlockByNumber", `0x${number.toString(16)}`, false)) as { hash: string };
    expect([provenAt.number, provenAt.hash]).to.deep.equal([number, hash]);
    const [portfolio] = (await chain.read([{ contract: "PositionLedger", fn: "portfolioOf", args: [trader] }])) as [
      {
        quote: bigint;
        positions: readonly { instrument: bigint; size: bigint }[];
        collateral: readonly { id: bigint; balance: bigint }[];
        checkpointTime: bigint;
      },
    ];
    const given = {
      ...{ quote: portfolio.quote, checkpointTime: portfolio.checkpointTime },
      positions: portfolio.positions.map(({ instrument, size }) => ({ instrument, size })),
      collateral: portfolio.collateral.map(({ id, balance }) => ({ id, balance })),
    };
    expect(account.positions.map(({ instrument, size }) => [BigInt(instrument), BigInt(size)])).to.deep.equal(
      portfolio.positions.map(({ instrument, size }) => [instrument, size]),
    );
    expect(account.positions.length).to.be.greaterThan(0);
    const [value] = (await chain.read([{ contract: "MarginEngine", fn: "evaluate", args: [given, STRICT] }])) as [
      { maintenance: bigint; initial: bigint },
    ];
    if (account.margin.kind !== "valued") throw new Error(account.margin.detail);
    // What does not depend on the clock, which goes on in calls.
    expect([BigInt(account.margin.initial), BigInt(account.margin.maintenance)]).to.deep.equal([
      value.initial,
      value.maintenance,
    ]);
    const { data: instruments } = await client.instruments();
    const [market] = (await chain.read([{ contract: "PositionLedger", fn: "marketOf", args: [1] }])) as [
      { openInterest: bigint },
    ];
    expect(BigInt(instruments.find(({ instrument }) => instrument === "1")!.openInterest)).to.equal(
      market.openInterest,
    );
  });

  it("answers every path as its document promises", async () => {
    await level();
    const [, accounts] = [await get("/healthz"), await get("/v1/accounts?limit=500")];
    const { data } = accounts.body as { data: { account: string; positionCount: number }[] };
    expect(data.length).to.be.greaterThan(5);
    for (const { account } of data) await get(`/v1/accounts/${account}`, "/v1/accounts/{account}");
    const { body } = await get("/v1/instruments");
    for (const { instrument } of (body as { data: { instrument: string }[] }).data) {
      await get(`/v1/instruments/${instrument}`, "/v1/instruments/{instrument}");
    }
    for (const path of [
      "positions",
      "positions?instrument=1",
      "totals",
      "grade",
      "checkpoints",
      "incidents",
      "latency",
      "status",
    ]) {
      expect((await get(`/v1/${path}`)).status, path).to.equal(200);
    }
    expect((await get("/status")).body).to.have.property("state", "IN_SYNC");
    expect((await get("/readyz")).status).to.equal(200);
    const nobody = `0x${"ee".repeat(32)}`;
    expect((await get(`/v1/accounts/${nobody}`, "/v1/accounts/{account}")).body).to.include({ code: "NoSuchAccount" });
    expect((await get("/v1/instruments/99", "/v1/instruments/{instrument}")).body).to.include({
      code: "NoSuchInstrument",
    });
    expect((await get("/v1/accounts?limit=0")).status).to.equal(400);
  });

  it("pages through accounts and positions without losing or repeating one, and finds those of an owner", async () => {
    await level();
    const all: string[] = [];
    for await (const { account } of client.eachAccount()) all.push(account);
    const paged: string[] = [];
    for (let cursor: string | null = "0"; cursor !== null;) {
      const page = await client.accounts({ limit: 2, cursor });
      expect(page.data.length).to.be.lessThanOrEqual(2);
      paged.push(...page.data.map(({ account }) => account));
      cursor = page.next;
    }
    expect(paged).to.deep.equal(all);
    expect(new Set(all).size).to.equal(all.length);
    const own = await client.accounts({ owner: trader.slice(0, 42) });
    expect(own.data.map(({ account }) => account)).to.deep.equal([trader]);
    const { data: positions } = await client.positions({ limit: 500 });
    const { data: inOne } = await client.positions({ limit: 500, instrument: "1" });
    expect(inOne).to.deep.equal(positions.filter(({ instrument }) => instrument === "1"));
    const counts = (await client.accounts({ limit: 500 })).data.map(({ positionCount }) => positionCount);
    expect(positions.length).to.equal(counts.reduce((sum, count) => sum + count, 0));
    const beyond = await client.accounts({ cursor: "999999" }).catch((error: unknown) => error);
    expect(beyond).to.be.instanceOf(LockstepError).and.to.include({ code: "CursorBeyondEnd", status: 400 });
  });

  it("tags answers with the block's hash, and says unchanged until the next block", async () => {
    await level();
    const { headers } = await get("/v1/totals");
    const tag = headers.get("etag")!;
    const again = (): Promise<Response> => fetch(`${url}/v1/totals`, { headers: { "if-none-match": tag } });
    expect((await again()).status).to.equal(304);
    expect(await client.totals()).to.deep.equal(await client.totals());
    await world.mine();
    await level();
    const later = await again();
    expect(later.status).to.equal(200);
    expect(later.headers.get("etag")).to.not.equal(tag);
  });

  it("streams verdicts as they are given, after the status", async () => {
    await level();
    const end = new AbortController();
    const seen: StreamedEvent[] = [];
    const streaming = (async () => {
      for await (const event of client.events({ signal: end.signal })) {
        seen.push(event);
        waiters.wake();
      }
    })();
    await waiters.until(() => seen.length > 0);
    expect(seen[0]!.event).to.equal("status");
    await world.mine();
    const number = await level();
    await waiters.until(() => seen.some(({ event, data }) => event === "verdict" && data.block.number === number));
    const last = seen.at(-1)!;
    expect(last.event === "verdict" && last.data.verdict.kind).to.equal("InSync");
    end.abort();
    await streaming;
  });

  it("refuses to answer from books that differ from the chain, tells the incident, and hands out what proves it", async () => {
    await level();
    const wallet = developmentWallet(11);
    await migrateQuote(world.market.chain, { by: wallet, account: accountIdOf(wallet), quote: 10n ** 24n });
    await waiters.until(() => keeper.service.status.state !== "IN_SYNC");
    for (const path of ["accounts", "positions", "instruments", "totals", "grade", "checkpoints"]) {
      const { status, body } = await get(`/v1/${path}`);
      expect([status, (body as { code: string }).code], path).to.deep.equal([503, "Diverged"]);
    }
    const impatient = await client.grade().catch((error: unknown) => error);
    expect(impatient)
      .to.be.instanceOf(LockstepError)
      .and.to.include({ code: "Diverged", status: 503, retryAfterSeconds: 10 });
    const isDone = (): boolean => [...keeper.service.status.incidents.values()].some(({ isLocated }) => isLocated);
    await waiters.until(isDone);
    const {
      data: [incident],
    } = (await get("/v1/incidents")).body as { data: { id: string; located: unknown[]; cause: string }[] };
    expect(incident).to.include({ cause: "unexplained-write", contract: "PositionLedger" });
    expect(incident!.located).to.have.length(1);
    await get(`/v1/incidents/${incident!.id}`, "/v1/incidents/{id}");
    const bundle = new TextDecoder().decode(await untilEvidence(incident!.id));
    expect(verifyBundle(bundle, { takesPrices: true })).to.have.property("result", "confirmed");
    expect((await get("/status")).body)
      .to.have.property("contracts")
      .that.satisfies((contracts: { books: string; chain: string; contract: string }[]) => {
        const differing = contracts.filter(({ books, chain }) => books !== chain).map(({ contract }) => contract);
        return differing.length === 1 && differing[0] === "PositionLedger";
      });
  });

  it("has been held against its document wherever that promises something", () => {
    const unseen = [...document.paths].flatMap(([path, { responses }]) =>
      Object.keys(responses).includes("200") && !document.seen.has(`${path} 200`) ? [path] : [],
    );
    // Text, streams and what is for other keepers.
    expect(unseen).to.have.members(["/metrics", "/v1/statements", "/v1/events", "/v1/incidents/{id}/evidence"]);
    for (const [path] of document.paths)
      expect(Object.keys(PARAMETERS).filter((name) => path.includes(`{${name}}`)).length).to.be.lessThan(2);
  });

  /** The bundle is made a moment after the incident opens. */
  async function untilEvidence(id: string): Promise<Uint8Array> {
    for (;;) {
      try {
        return await client.evidence(id);
      } catch (error: unknown) {
        if (!(error instanceof LockstepError) || error.code !== "NoEvidence") throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
});
