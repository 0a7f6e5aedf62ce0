import type { FastifyInstance } from "fastify";

import type { Rehearsal } from "../ports.ts";
import { ApiProblem } from "../problems.ts";
import { Problem } from "../schemas/answers.ts";
import { DrillState } from "../schemas/status.ts";

/**
 * Begins a rehearsal on the chain of `lockstep up`. Pages of other sites are refused: a browser says whose page asks, and only its
 * own may.
 */
export function addDrillRoute(app: FastifyInstance, rehearsal: Rehearsal): void {
  app.post(
    "/v1/drill",
    {
      schema: {
        ...{ summary: "Begins a drill on the local chain of `lockstep up`", tags: ["keeper"] },
        response: { 202: DrillState, 403: Problem, 409: Problem },
      },
    },
    (request, reply) => {
      const { origin, host } = request.headers;
      const site = request.headers["sec-fetch-site"] ?? "same-origin";
      const isOwn =
        (origin === undefined || origin === `http://${host ?? ""}`) && (site === "same-origin" || site === "none");
      if (!isOwn) throw new ApiProblem(403, "ForeignPage", "a page of another site asks: only the keeper's own may");
      if (!rehearsal.start()) throw new ApiProblem(409, "AlreadyRunning", "a drill is running: wait for its end");
      return reply
        .code(202)
        .type("application/json; charset=utf-8")
        .send(`${JSON.stringify(rehearsal.state())}\n`);
    },
  );
}
