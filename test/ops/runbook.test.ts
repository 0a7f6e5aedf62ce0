import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import type { Command } from "commander";

import { INCIDENT_STATES } from "../../keeper/alerts/plan/incidentStates.ts";
import { createProgram } from "../../keeper/commands/createProgram.ts";
import { CONDITION_KINDS } from "../../keeper/domain/conditions.ts";
import { RESPONSES } from "../../keeper/domain/responses.ts";
import { checkReadiness } from "../../keeper/probes/checkReadiness.ts";
import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import manifest from "../../package.json" with { type: "json" };
import { CONTEXT } from "../helpers/commandContext.ts";
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

/** Commands that the runbook may name before the program has them. */
const COMING = ["status", "incidents list", "incidents show", "keys rotate", "backup", "restore", "check"];

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

/** The words of a command as a shell reads them; what stands between quotes is one. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"[^"]*"|<[^>]*>|\S+/g)].map(([word]) => word);
}

/** The commands in code of the runbook that begin with a word. */
function commandsOf(program: string): string[][] {
  const spans = [...RUNBOOK.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return spans.filter((code) => code.startsWith(`${program} `)).map((code) => wordsOf(code).slice(1));
}

/** What the program would not understand of a command; null when it would. */
function objection(program: Command, words: readonly string[]): string | null {
  let command = program;
  const rest = [...words];
  for (let next = below(command, rest[0]); next !== undefined; next = below(command, rest[0])) {
    command = next;
    rest.shift();
  }
  if (command === program && rest[0]?.startsWith("-") !== true) return `there is no command ${words.join(" ")}`;
  const positional: string[] = [];
  const given: string[] = [];
  while (rest.length > 0) {
    const word = rest.shift() ?? "";
    if (!word.startsWith("-")) {
      positional.push(word);
      continue;
    }
    const option = [...command.options, ...program.options].find(({ long, short }) => word === long || word === short);
    if (option === undefined) return `${command.name()} has no ${word}`;
    given.push(word);
    if (option.required && rest.shift() === undefined) return `${word} is given nothing`;
  }
  const needed = command.registeredArguments.filter(({ required }) => required).length;
  if (positional.length < needed || positional.length > command.registeredArguments.length)
    return `${command.name()} takes other arguments than ${positional.join(" ")}`;
  const missing = command.options.find(({ mandatory, long }) => mandatory && !given.includes(long ?? ""));
  return missing === undefined ? null : `${command.name()} needs ${missing.flags}`;
}

function below(command: Command, name: string | undefined): Command | undefined {
  return command.commands.find((each) => each.name() === name);
}

/** Whether a command is one that is still to come. */
function isComing(program: Command, words: readonly string[]): boolean {
  const name = COMING.find((coming) => `${words.join(" ")} `.startsWith(`${coming} `));
  if (name === undefined) return false;
  const [first, second] = name.split(" ");
  const parent = below(program, first);
  return parent === undefined || (second !== undefined && below(parent, second) === undefined);
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
    const commands = commandsOf("lockstep");
    expect(commands.length).to.be.greaterThan(20);
    const objections = commands.filter((words) => !isComing(program, words)).map((words) => objection(program, words));
    expect(objections.filter((found) => found !== null)).to.deep.equal([]);
  });

  it("names scripts that package.json has", () => {
    for (const [, script = ""] of RUNBOOK.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
      expect(manifest.scripts).to.have.property(script);
    }
  });

  it("would not take commands that there are not", () => {
    const refused = ["nonsense", "doctor --nonsense", "latch clear", "verify", "verify a b", "pause --reason"];
    for (const line of refused) expect(objection(program, wordsOf(line)), line).to.be.a("string");
    expect(objection(program, wordsOf('latch clear --reason "a b" --yes'))).to.equal(null);
  });
});
