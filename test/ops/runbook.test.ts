import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { INCIDENT_STATES } from "../../keeper/alerts/plan/incidentStates.ts";
import { createProgram } from "../../keeper/commands/createProgram.ts";
import { CONDITION_KINDS } from "../../keeper/domain/conditions.ts";
import { RESPONSES } from "../../keeper/domain/responses.ts";
import { checkReadiness } from "../../keeper/probes/checkReadiness.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import manifest from "../../package.json" with { type: "json" };
import { CONTEXT } from "../helpers/commandContext.ts";
import { commandsIn, objectionTo, wordsOf } from "./commandLine.ts";
import { alertRules } from "./prometheusRules.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RUNBOOK = readFileSync(join(ROOT, "docs/runbook.md"), "utf8");
const ADDRESS = `0x${"11".repeat(20)}` as const;
const ROLES = ["pause", "attest", "post"] as const;

/** Where the keeper says what it alerts of. */
const ALERTING = [
  "keeper/loop/**/*.ts",
  "keeper/domain/decide.ts",
  "keeper/alerts/AlertDesk.ts",
  "keeper/alerts/plan/EffectReader.ts",
];
/** Names of notices that have other headings: an incident's states, and the reasons why nothing is known. */
const ELSEWHERE = ["incident", "unknown"];

function headings(): string[] {
  return [...RUNBOOK.matchAll(/^### (.+)$/gm)].map(([, heading = ""]) => heading);
}

/** The names of alerts that the code spells out. */
function eventsInCode(): string[] {
  const text = globSync(ALERTING, { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .join("\n");
  const said = [...text.matchAll(/(?:\bevent: |\bevent = |\.say\(incident, )([^,;\n]+)/g)].map(([, name = ""]) => name);
  const literals = said.flatMap((name) => [...name.matchAll(/(=== )?"([a-z]+(?:-[a-z]+)*)"/g)]);
  const names = literals.filter(([, isCompared]) => isCompared === undefined).map(([, , name = ""]) => name);
  return [...new Set(names)].filter((name) => !ELSEWHERE.includes(name));
}

/** What may fail three times on its way to the chain. */
function carried(): string[] {
  const text = readFileSync(join(ROOT, "keeper/loop/quorum/Carrier.ts"), "utf8");
  const [, purposes = ""] = /readonly purpose: ([^;]+);/.exec(text) ?? [];
  return [...purposes.matchAll(/"([a-z-]+)"/g)].map(([, purpose = ""]) => `${purpose}-failed`);
}

/** The checks of readiness, each of which fails here. */
async function failingChecks(): Promise<string[]> {
  const nothing = (): Promise<never> => Promise.reject(new KeeperError("NoProof", "nothing is proved here"));
  const results = await checkReadiness({
    facts: { head: nothing, storage: nothing, nonce: nothing, balance: nothing },
    addresses: { KeeperRegistry: ADDRESS, SyncGuard: ADDRESS },
    keys: { pause: ADDRESS, attest: ADDRESS, post: ADDRESS },
    signers: ROLES.map((role) => ({ role, check: nothing })),
    cost: { gas: 1n, feeCap: 1n, feeNow: () => 1n },
    sources: [],
    deadlineMs: 1_000,
    signal: new AbortController().signal,
  });
  return results.map(({ name }) => `not-ready: ${name}`);
}

async function expectedHeadings(): Promise<string[]> {
  const troubles = Object.entries(RESPONSES).map(([name, { evidence, action }]) => ({ name, evidence, action }));
  return [
    ...alertRules().map(({ alert }) => alert),
    ...Object.keys(INCIDENT_STATES).map((state) => `incident ${state}`),
    ...troubles.filter(({ action }) => action === "soft-pause").map(({ name }) => name),
    ...troubles
      .filter(({ evidence, action }) => evidence !== "own" && action !== "soft-pause")
      .map(({ name }) => `unknown-${name}`),
    ...CONDITION_KINDS,
    ...eventsInCode(),
    ...carried(),
    ...(await failingChecks()),
  ];
}

describe("The runbook", () => {
  const program = createProgram(CONTEXT, () => undefined);

  it("has one heading for each alert rule and each alert of the keeper, and no other", async () => {
    const expected = new Set(await expectedHeadings());
    expect(expected.size).to.be.greaterThan(90);
    expect({
      without: [...expected].filter((name) => !headings().includes(name)),
      unknown: headings().filter((name) => !expected.has(name)),
    }).to.deep.equal({ without: [], unknown: [] });
    expect(headings()).to.have.length(expected.size);
  });

  it("says under each what it means, how to check, what to do and whom to wake", () => {
    for (const section of RUNBOOK.split(/^### /m).slice(1)) {
      const [heading] = section.split("\n");
      const parts = [...section.matchAll(/^- \*\*(\w+):\*\* \S.*$/gm)].map(([, part]) => part);
      expect(parts, heading).to.deep.equal(["Means", "Check", "Do", "Wake"]);
    }
  });

  it("leads only to headings that there are", () => {
    const anchors = new Set(
      [...RUNBOOK.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(/[^\w\- ]/g, "")),
    );
    const known = new Set([...anchors].map((anchor) => anchor.replaceAll(" ", "-")));
    const links = [...RUNBOOK.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = ""]) => anchor);
    expect(links.filter((link) => !known.has(link))).to.deep.equal([]);
    for (const { annotations } of alertRules()) expect(known).to.include(annotations.runbook_url.split("#")[1]);
  });

  it("names commands and options that the program has", () => {
    const commands = commandsIn(RUNBOOK, "lockstep");
    expect(commands.length).to.be.greaterThan(20);
    const objections = commands.map((words) => objectionTo(program, words));
    expect(objections.filter((found) => found !== null)).to.deep.equal([]);
  });

  it("names scripts that package.json has", () => {
    for (const [, script = ""] of RUNBOOK.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
      expect(manifest.scripts).to.have.property(script);
    }
  });

  it("would not take commands that there are not", () => {
    const refused = ["nonsense", "doctor --nonsense", "latch clear", "verify", "verify a b", "pause --reason"];
    for (const line of refused) expect(objectionTo(program, wordsOf(line)), line).to.be.a("string");
    expect(objectionTo(program, wordsOf('latch clear --reason "a b" --yes'))).to.equal(null);
  });
});
