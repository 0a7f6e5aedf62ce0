import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";

import { startApi, type Api } from "../../keeper/api/startApi.ts";
import { EventData } from "../../keeper/api/schemas/status.ts";
import { IDLE_HANDLERS } from "../helpers/idleHandlers.ts";
import { OpenApiDocument } from "../helpers/OpenApiDocument.ts";
import { codeBlocks, readDocument, ROOT } from "./documents.ts";

const PAGE = readDocument("docs/api.md");
/** What the code refuses with, beside what a variable holds. */
const SOURCES = ["keeper/api/**/*.ts", "keeper/QueryRoom.ts"];
/** Answers that are no JSON, or another path's. */
const WITHOUT_EXAMPLE = ["/status", "/metrics", "/v1/events", "/v1/incidents/{id}/evidence"];

/** The codes of problems that the code names. */
function codesInCode(): Set<string> {
  const text = globSync(SOURCES, { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .join("\n");
  const direct = text.matchAll(/new ApiProblem\(\s*(?:\d+|status),\s*"(\w+)"/g);
  const refused = text.matchAll(/refuse\(\s*"(\w+)"/g);
  const chosen = text.matchAll(/const code = .*?\? "(\w+)" : "(\w+)"/g);
  const codes = [...direct, ...refused].map(([, code = ""]) => code);
  return new Set([...codes, ...[...chosen].flatMap(([, one = "", other = ""]) => [one, other])]);
}

/** The part of the page under a heading, up to the next one. */
function section(heading: string): string {
  const [, text = ""] = PAGE.split(`\n${heading}\n`);
  return text.split(/^#+ /m)[0] ?? "";
}

function exampleOf(heading: string): unknown {
  const [example] = codeBlocks(section(heading)).filter(({ language }) => language === "json");
  return example === undefined ? undefined : JSON.parse(example.code);
}

describe("docs/api.md", () => {
  let api: Api;
  let served: Record<string, Record<string, unknown>>;
  let document: OpenApiDocument;

  before(async () => {
    const rehearsal = { state: () => ({}), start: () => true, onChange: null };
    api = await startApi({ port: 0, handlers: { ...IDLE_HANDLERS, rehearsal } });
    const json = (await (await fetch(`${api.url}/v1/openapi.json`)).json()) as { paths: typeof served };
    served = json.paths;
    document = new OpenApiDocument(json);
  });

  after(() => api.close());

  it("has every path that is served, with its method, and no other", () => {
    const written = [...PAGE.matchAll(/^### (GET|POST) (\S+)$/gm)].map(([, method, path]) => `${method} ${path}`);
    const expected = Object.entries(served).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== "head")
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(written.toSorted()).to.deep.equal(expected.toSorted());
  });

  it("has an example under each path that is as the document promises", () => {
    const paths = Object.keys(served).filter((path) => "get" in served[path]! && !WITHOUT_EXAMPLE.includes(path));
    expect(paths.length).to.be.greaterThan(12);
    const faults = paths.map((path) => document.check(path, 200, exampleOf(`### GET ${path}`)));
    expect(faults.filter((fault) => fault !== null)).to.deep.equal([]);
  });

  it("has every code of a problem in its table, and no other", () => {
    const written = [...section("## Problems").matchAll(/^\| `(\w+)` /gm)].map(([, code]) => code);
    expect(codesInCode().size).to.be.greaterThan(20);
    expect(written.toSorted()).to.deep.equal([...codesInCode()].toSorted());
    expect(document.check("/v1/grade", 503, exampleOf("## Problems"))).to.equal(null);
  });

  it("has every event, and data as its schema promises", () => {
    const [, events = ""] = PAGE.split("\n## Events\n");
    const written = [...(events.split("\n## ")[0] ?? "").matchAll(/^### (.+)$/gm)].map(([, name = ""]) => name);
    expect(written).to.deep.equal(Object.keys(EventData));
    const ajv = new Ajv2020({ strict: false });
    for (const [name, schema] of Object.entries(EventData)) {
      // Those two are as a path answers.
      if (name === "status" || name === "incident") continue;
      expect(ajv.validate(schema, exampleOf(`### ${name}`)), `${name}: ${ajv.errorsText()}`).to.equal(true);
    }
  });

  it("names the limits that the code has", () => {
    const text = (path: string): string => readFileSync(join(ROOT, "keeper", path), "utf8");
    const limits: readonly (readonly [file: string, code: string, row: RegExp])[] = [
      ["api/startApi.ts", "MAX_CONNECTIONS = 640", /^\| connections.* \| 640 /m],
      ["api/startApi.ts", "maxHeaderSize: 8_192, headersTimeout: 5_000", /^\| headers +\| 8 KiB, within 5 s/m],
      ["api/startApi.ts", "maxRequestsPerSocket: 10_000", /^\| requests of a connection +\| 10,000/m],
      ["api/startApi.ts", "connectionTimeout: 15_000", /^\| silence.* \| 15 s/m],
      ["api/startApi.ts", "keepAliveTimeout: 5_000", /between two requests 5 s/],
      ["api/EventStream.ts", "MAX_CLIENTS = 512", /^\| streams +\| 512/m],
      ["api/EventStream.ts", "MAX_WAITING = 262_144", /^\| bytes.* \| 256 KiB/m],
      ["api/EventStream.ts", "HEARTBEAT_MS = 5_000", /Every five seconds/],
      ["api/guardRequests.ts", "MAX_PENDING = 8", /not taken +\| 8 /],
      ["api/paging.ts", "MAX_LIMIT = 500", /^\| items of a page +\| 500/m],
      ["api/routes/bookRoutes.ts", "MAX_SCANNED = 20_000", /^\| accounts.* \| 20,000/m],
      ["api/AnswerCache.ts", "MAX_CHARACTERS = 8 * 1024 * 1024", /^\| answers kept.* \| 8 Mi/m],
      ["ApiRoom.ts", "MAX_SAMPLES = 600", /oldest first, 600 at most/],
    ];
    for (const [file, code, row] of limits) {
      expect(text(file), code).to.include(code);
      expect(PAGE, code).to.match(row);
    }
  });
});
