import type { FastifyReply } from "fastify";

import type { Problem } from "./schemas/answers.ts";

/** RFC 9457. */
export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** A refusal, on its way to whoever asked. */
export class ApiProblem extends Error {
  readonly statusCode: number;
  readonly code: string;
  readonly retryAfterSeconds: number | null;

  constructor(statusCode: number, code: string, detail: string, retryAfterSeconds: number | null = null) {
    super(detail);
    this.name = "ApiProblem";
    this.statusCode = statusCode;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  404: "Not found",
  405: "Method not allowed",
  413: "Content too large",
  414: "URI too long",
  421: "Misdirected request",
  431: "Request header fields too large",
  500: "Internal error",
  503: "Not available",
};

/** The document of a problem. */
export function problemOf({ statusCode, code, message }: ApiProblem): Problem {
  return { title: TITLES[statusCode] ?? "Refused", status: statusCode, code, detail: message };
}

/** Answers with a problem. */
export function sendProblem(reply: FastifyReply, problem: ApiProblem): FastifyReply {
  if (problem.retryAfterSeconds !== null) reply.header("retry-after", String(problem.retryAfterSeconds));
  if (problem.statusCode === 405) reply.header("allow", "GET, HEAD");
  reply.header("cache-control", "no-store").removeHeader("etag");
  return reply
    .code(problem.statusCode)
    .type(PROBLEM_TYPE)
    .serializer((body) => `${JSON.stringify(body)}\n`)
    .send(problemOf(problem));
}
