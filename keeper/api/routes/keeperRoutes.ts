import type { FastifyInstance, FastifyReply } from "fastify";
import { createReadStream } from "node:fs";
import { Type, type Static } from "typebox";

import type { Hash } from "../../lib/hex.ts";
import type { EventStream } from "../EventStream.ts";
import { SECURITY_HEADERS } from "../guardRequests.ts";
import { pageOf, PageQuery } from "../paging.ts";
import type { ApiHandlers } from "../ports.ts";
import { ApiProblem } from "../problems.ts";
import { Problem } from "../schemas/answers.ts";
import { Hash as HashSchema } from "../schemas/primitives.ts";
import { IncidentAnswer, IncidentPage, LatencyAnswer, StatusDocument } from "../schemas/status.ts";
import { wireJson } from "../wireJson.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const IncidentParameter = Type.Object({ id: HashSchema });
const Readiness = Type.Object({ ready: Type.Boolean(), reason: Type.String() });

/** What is said of the keeper itself: it needs no proven books. */
export function addKeeperRoutes(app: FastifyInstance, handlers: ApiHandlers, events: EventStream): void {
  addProbes(app, handlers);
  addMachines(app, handlers);
  addIncidents(app, handlers);
  addEvidence(app, handlers);
  addEvents(app, events);
}

function addProbes(app: FastifyInstance, handlers: ApiHandlers): void {
  app.get(
    "/healthz",
    {
      schema: {
        summary: "Whether the process is alive",
        tags: ["keeper"],
        response: { 200: Type.Object({ status: Type.Literal("alive") }) },
      },
    },
    (_request, reply) => sendJson(reply, { status: "alive" }),
  );

  app.get(
    "/readyz",
    {
      schema: {
        summary: "Whether the keeper may be relied upon",
        tags: ["keeper"],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    (_request, reply) => {
      const readiness = handlers.isReady();
      return sendJson(reply.code(readiness.ready ? 200 : 503), readiness);
    },
  );

  for (const url of ["/status", "/v1/status"]) {
    app.get(
      url,
      {
        schema: {
          summary: "What the keeper sees, knows and does",
          tags: ["keeper"],
          response: { 200: StatusDocument },
        },
      },
      (_request, reply) => sendJson(reply, handlers.status()),
    );
  }
}

/** What other programs fetch. */
function addMachines(app: FastifyInstance, handlers: ApiHandlers): void {
  app.get(
    "/metrics",
    {
      schema: {
        ...{ summary: "Metrics in the Prometheus text format 0.0.4", tags: ["keeper"], produces: ["text/plain"] },
        response: { 200: Type.String() },
      },
    },
    (_request, reply) => reply.type(METRICS_TYPE).send(handlers.metrics()),
  );

  app.get(
    "/v1/statements",
    {
      schema: {
        ...{ summary: "What keepers have signed, for other keepers", tags: ["keeper"] },
        response: { 200: Type.Unknown({ description: "see docs/decisions/0037-quorum.md" }), 503: Problem },
      },
    },
    (_request, reply) => {
      const document = handlers.statements();
      if (document !== null) return reply.type(JSON_TYPE).send(document);
      // An empty document would be no keeper's: who asks would take this one for a hostile one, and leave it alone.
      throw new ApiProblem(503, "Starting", "not yet: the keeper is starting", 1);
    },
  );

  app.get(
    "/v1/latency",
    {
      schema: {
        ...{ summary: "How fast the newest verdicts came, oldest first", tags: ["keeper"] },
        response: { 200: LatencyAnswer },
      },
    },
    (_request, reply) => sendJson(reply, { data: handlers.latency() }),
  );
}

function addIncidents(app: FastifyInstance, handlers: ApiHandlers): void {
  app.get(
    "/v1/incidents",
    {
      schema: {
        ...{ summary: "Incidents of this run, newest first", tags: ["incidents"] },
        querystring: Type.Object(PageQuery.properties, { additionalProperties: false }),
        response: { 200: IncidentPage, 400: Problem },
      },
    },
    (request, reply) => {
      const incidents = handlers.incidents();
      const { items, next } = pageOf(
        request.query as Static<typeof PageQuery>,
        incidents.length,
        incidents.length,
        (index) => [incidents[index]],
      );
      return sendJson(reply, { data: items, next });
    },
  );

  app.get(
    "/v1/incidents/:id",
    {
      schema: {
        ...{ summary: "One incident", tags: ["incidents"], params: IncidentParameter },
        response: { 200: IncidentAnswer, 400: Problem, 404: Problem },
      },
    },
    (request, reply) => {
      const { id } = request.params as Static<typeof IncidentParameter>;
      const incident = handlers.incidents().find((incident) => incident.id === id);
      if (incident !== undefined) return sendJson(reply, { data: incident });
      throw new ApiProblem(404, "NoSuchIncident", `this keeper knows no incident ${id} since it started`);
    },
  );
}

function addEvidence(app: FastifyInstance, handlers: ApiHandlers): void {
  app.get(
    "/v1/incidents/:id/evidence",
    {
      schema: {
        ...{ summary: "The bundle that proves an incident, for `lockstep verify`", tags: ["incidents"] },
        params: IncidentParameter,
        response: {
          200: Type.Unknown({ description: "the bundle, see docs/evidence.md" }),
          400: Problem,
          404: Problem,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params as Static<typeof IncidentParameter>;
      const file = await handlers.evidence(id as Hash);
      if (file === null) {
        const detail = `there is no bundle of ${id}: it is made a moment after the incident opens, and kept for the newest ones`;
        throw new ApiProblem(404, "NoEvidence", detail, 2);
      }
      return reply
        .type("application/octet-stream")
        .header("content-disposition", `attachment; filename="${id}.lockstep"`)
        .header("content-length", file.bytes)
        .send(createReadStream(file.path));
    },
  );
}

function addEvents(app: FastifyInstance, events: EventStream): void {
  app.get(
    "/v1/events",
    {
      exposeHeadRoute: false,
      schema: {
        summary:
          "Server-sent events: status, verdict, unknown, incident, condition, source, checkpoint, drill, heartbeat",
        ...{ tags: ["keeper"], produces: ["text/event-stream"] },
        response: { 200: Type.String({ description: "see docs/api.md" }), 503: Problem },
      },
    },
    (_request, reply) => {
      if (events.isFull)
        throw new ApiProblem(503, "TooManyStreams", "as many clients listen as may: close some, or ask again", 10);
      reply.hijack();
      events.open(reply.raw, SECURITY_HEADERS);
    },
  );
}

function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type(JSON_TYPE).send(`${wireJson(value)}\n`);
}
