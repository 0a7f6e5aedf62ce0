import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type TSchema } from "typebox";

import type { Hash, Hex } from "../../lib/hex.ts";
import { describeAccount, positionsOf, summarizeAccount } from "../../queries/accounts.ts";
import type { BooksAt } from "../../queries/BooksAt.ts";
import { describeCheckpoints } from "../../queries/checkpoints.ts";
import { describeGrade } from "../../queries/grade.ts";
import { describeInstrument, listedInstruments } from "../../queries/instruments.ts";
import { describeTotals } from "../../queries/totals.ts";
import { AnswerCache } from "../AnswerCache.ts";
import { pageOf, PageQuery } from "../paging.ts";
import type { ApiHandlers, Unproven } from "../ports.ts";
import { ApiProblem } from "../problems.ts";
import { Problem } from "../schemas/answers.ts";
import * as schemas from "../schemas/books.ts";
import { Hash as HashSchema } from "../schemas/primitives.ts";
import { wireJson } from "../wireJson.ts";

const JSON_TYPE = "application/json; charset=utf-8";
/** Accounts that one request looks at, whatever it finds. */
const MAX_SCANNED = 20_000;
const InstrumentParameter = Type.Object({
  instrument: Type.String({ pattern: "^(0|[1-9][0-9]{0,9})$", description: "number of the instrument" }),
});

/** What a route says of itself. */
function describedAs(summary: string, tag: string, answer: TSchema, more: object = {}) {
  const response = { 200: answer, 400: Problem, 404: Problem, 503: Problem };
  return { summary, tags: [tag], response, ...more };
}

/** Everything that is read from the proven books. */
export function addBookRoutes(app: FastifyInstance, handlers: Pick<ApiHandlers, "books">): void {
  const answer = answerer(handlers);
  addAccounts(app, answer);
  addAccount(app, answer);
  addInstruments(app, answer);
  addSync(app, answer);
}

function addAccounts(app: FastifyInstance, answer: Answer): void {
  app.get(
    "/v1/accounts",
    {
      schema: describedAs("Accounts in the order in which events named them", "accounts", schemas.AccountPage, {
        querystring: Type.Object(
          {
            ...PageQuery.properties,
            owner: Type.Optional(
              Type.String({ pattern: "^0x[0-9a-f]{1,64}$", description: "accounts that begin with it, lower case" }),
            ),
          },
          { additionalProperties: false },
        ),
      }),
    },
    (request, reply) =>
      answer(request, reply, (at) => {
        const { owner, ...page } = request.query as { owner?: string; limit: number; cursor?: string };
        return pageOfAccounts(at, page, (account) => {
          return owner === undefined || account.startsWith(owner) ? [summarizeAccount(account, at)] : [];
        });
      }),
  );
}

function addAccount(app: FastifyInstance, answer: Answer): void {
  app.get(
    "/v1/accounts/:account",
    {
      schema: describedAs(
        "One account: positions, collateral, margin, lag premium, Greeks",
        "accounts",
        schemas.AccountAnswer,
        {
          params: Type.Object({ account: HashSchema }),
        },
      ),
    },
    (request, reply) =>
      answer(request, reply, (at) => {
        const { account } = request.params as { account: Hash };
        if (!at.hasAccount(account)) {
          const detail = `no event up to block ${at.block.number} names the account ${account}: it holds nothing`;
          throw new ApiProblem(404, "NoSuchAccount", detail);
        }
        return { data: describeAccount(account, at) };
      }),
  );

  app.get(
    "/v1/positions",
    {
      schema: describedAs("Positions of all accounts, or those in one instrument", "accounts", schemas.PositionPage, {
        querystring: Type.Object(
          { ...PageQuery.properties, instrument: Type.Optional(InstrumentParameter.properties.instrument) },
          { additionalProperties: false },
        ),
      }),
    },
    (request, reply) =>
      answer(request, reply, (at) => {
        const { instrument, ...page } = request.query as { instrument?: string; limit: number; cursor?: string };
        const wanted = instrument === undefined ? null : BigInt(instrument);
        return pageOfAccounts(at, page, (account) => {
          return positionsOf(account, wanted, at).map((position) => ({ account, ...position }));
        });
      }),
  );
}

function addInstruments(app: FastifyInstance, answer: Answer): void {
  app.get(
    "/v1/instruments",
    {
      schema: describedAs(
        "Instruments: prices, open interest, funding, lag premium, Greeks",
        "instruments",
        schemas.InstrumentsAnswer,
      ),
    },
    (request, reply) =>
      answer(request, reply, (at) => ({
        data: listedInstruments(at.items, at).map((instrument) => describeInstrument(instrument, at)),
      })),
  );

  app.get(
    "/v1/instruments/:instrument",
    { schema: describedAs("One instrument", "instruments", schemas.InstrumentAnswer, { params: InstrumentParameter }) },
    (request, reply) =>
      answer(request, reply, (at) => {
        const { instrument } = request.params as { instrument: string };
        const state = describeInstrument(BigInt(instrument), at);
        if (state !== null) return { data: state };
        throw new ApiProblem(
          404,
          "NoSuchInstrument",
          `instrument ${instrument} is not listed at block ${at.block.number}`,
        );
      }),
  );

  app.get(
    "/v1/totals",
    {
      schema: describedAs(
        "Greeks of all positions by feed, the insurance fund, debts",
        "instruments",
        schemas.TotalsAnswer,
      ),
    },
    (request, reply) =>
      answer(request, reply, (at) => ({
        data: describeTotals(listedInstruments(at.items, at), at.accountCount, at),
      })),
  );
}

function addSync(app: FastifyInstance, answer: Answer): void {
  app.get(
    "/v1/grade",
    { schema: describedAs("The pause in force, and what users can do", "sync", schemas.GradeAnswer) },
    (request, reply) => answer(request, reply, (at) => ({ data: describeGrade(at) })),
  );

  app.get(
    "/v1/checkpoints",
    { schema: describedAs("Checkpoints that the registry keeps, newest first", "sync", schemas.CheckpointsAnswer) },
    (request, reply) => answer(request, reply, (at) => ({ data: describeCheckpoints(at) })),
  );
}

/** What accounts have, from the cursor on, in the order in which events named them. */
function pageOfAccounts<Item>(
  at: BooksAt,
  page: { readonly limit: number; readonly cursor?: string },
  itemsOf: (account: Hex) => readonly Item[],
): { readonly data: readonly Item[]; readonly next: string | null } {
  const { items, next } = pageOf(page, at.accountCount, MAX_SCANNED, (index) => {
    return at.accountsFrom(index, 1).flatMap(itemsOf);
  });
  return { data: items, next };
}

type Answer = (request: FastifyRequest, reply: FastifyReply, query: (at: BooksAt) => object) => FastifyReply;

/** Answers with what the books say at the block that proves them, with its hash as entity tag; or with why they cannot. */
function answerer({ books }: Pick<ApiHandlers, "books">): Answer {
  const cache = new AnswerCache();
  return (request, reply, query) => {
    const standing = books();
    if (standing.kind === "unproven") throw refusal(standing);
    const { at, ageSeconds } = standing;
    const tag = `"${at.block.hash}"`;
    reply
      .header("etag", tag)
      .header("cache-control", "no-cache")
      .header("age", String(Math.floor(ageSeconds)));
    if (isKnown(request.headers["if-none-match"], tag)) return reply.code(304).send();
    const body = cache.get(at.block.hash, request.url, () => {
      return `${wireJson({ provenAt: at.block, ...query(at) })}\n`;
    });
    return reply.type(JSON_TYPE).send(body);
  };
}

function refusal({ code, detail, retryAfterSeconds }: Unproven): ApiProblem {
  return new ApiProblem(503, code, detail, retryAfterSeconds);
}

/** RFC 9110, 13.1.2; weak comparison. */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((part) => part.trim().replace(/^W\//, "") === tag || part.trim() === "*");
}
