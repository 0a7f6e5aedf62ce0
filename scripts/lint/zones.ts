/**
 * One part of the tree and what it may import. A pure zone decides and computes: no clock, timer, randomness, I/O or
 * process, so that the simulator can run it and a test can replay it.
 */
export interface Zone {
  readonly name: string;
  /** Folders (`a/`), the files right in a folder (`a/*`), and files; the longest match in the table wins. */
  readonly paths: readonly string[];
  readonly isPure: boolean;
  /** Zones it may import besides itself; `"*"` for every one. */
  readonly may: readonly string[] | "*";
  /** Zones of which it may import types only. */
  readonly types?: readonly string[];
  /** npm packages it may import; `"*"` for every one. Node's modules are for zones that are not pure. */
  readonly packages: readonly string[] | "*";
}

const LEAVES = ["lib", "errors"];
const BASE = [...LEAVES, "domain"];

/**
 * keeper: main, commands → service → {api, loop, actions, chain, books, trie, views, store, telemetry, config} → domain;
 * lib and errors are leaves. Siblings meet in service.ts, their pure halves in loop/. See docs/architecture.md.
 */
export const ZONES: readonly Zone[] = [
  { name: "lib", paths: ["keeper/lib/"], isPure: true, may: [], packages: ["@noble/hashes"] },
  { name: "errors", paths: ["keeper/errors/"], isPure: true, may: [], packages: [] },
  { name: "domain", paths: ["keeper/domain/"], isPure: true, may: LEAVES, packages: [] },

  { name: "trie", paths: ["keeper/trie/"], isPure: true, may: BASE, packages: ["@noble/hashes"] },
  // The whole root from the whole set: what both opinions and the tests may lean on, beside the incremental trie.
  { name: "trie/naive", paths: ["keeper/trie/naiveRoot.ts"], isPure: true, may: LEAVES, packages: ["@noble/hashes"] },
  { name: "books", paths: ["keeper/books/"], isPure: true, may: [...BASE, "trie"], packages: ["@noble/hashes"] },
  // The second opinion shares no code with the first: neither books nor the incremental trie.
  {
    name: "books/naive",
    paths: ["keeper/books/naive/"],
    isPure: true,
    may: [...BASE, "trie/naive"],
    types: ["chain/verify", "books"],
    packages: ["ethers"],
  },
  // What is said of the books at a block: to users, and to the dashboard.
  { name: "queries", paths: ["keeper/queries/"], isPure: true, may: [...BASE, "trie", "books"], packages: [] },
  { name: "chain/verify", paths: ["keeper/chain/verify/"], isPure: true, may: [...BASE, "trie"], packages: [] },
  { name: "chain/agree", paths: ["keeper/chain/agree/"], isPure: true, may: [...BASE, "chain/verify"], packages: [] },
  { name: "actions/plan", paths: ["keeper/actions/plan/"], isPure: true, may: BASE, packages: [] },
  // Which notice is sent when; the effects are known by their types only.
  { name: "alerts/plan", paths: ["keeper/alerts/plan/"], isPure: true, may: BASE, types: ["loop"], packages: [] },
  { name: "views", paths: ["keeper/views/"], isPure: true, may: BASE, packages: [] },
  {
    name: "loop",
    paths: ["keeper/loop/"],
    isPure: true,
    may: [...BASE, "chain/verify", "chain/agree", "trie", "books", "books/naive", "actions/plan", "views"],
    packages: [],
  },

  { name: "chain/sources", paths: ["keeper/chain/sources/"], isPure: false, may: BASE, packages: ["ws"] },
  {
    name: "actions",
    paths: ["keeper/actions/"],
    isPure: false,
    may: [...BASE, "actions/plan"],
    packages: ["ox", "@noble/hashes"],
  },
  { name: "views/adapters", paths: ["keeper/views/HttpView.ts"], isPure: false, may: [...BASE, "views"], packages: [] },
  {
    name: "alerts",
    paths: ["keeper/alerts/"],
    isPure: false,
    may: [...BASE, "alerts/plan"],
    types: ["loop", "telemetry", "config"],
    packages: [],
  },
  { name: "store", paths: ["keeper/store/"], isPure: false, may: BASE, packages: ["kysely", "pg"] },
  { name: "control", paths: ["keeper/control/"], isPure: false, may: BASE, packages: [] },
  { name: "telemetry", paths: ["keeper/telemetry/"], isPure: false, may: BASE, packages: [] },
  { name: "peers", paths: ["keeper/peers/"], isPure: false, may: BASE, packages: [] },
  {
    name: "api",
    paths: ["keeper/api/"],
    isPure: false,
    may: [...BASE, "queries"],
    packages: ["fastify", "@fastify/static", "@fastify/swagger", "typebox"],
  },
  { name: "config", paths: ["keeper/config/"], isPure: false, may: BASE, packages: ["@noble/hashes", "dotenv"] },

  {
    name: "chain/read",
    paths: ["keeper/chain/read/"],
    isPure: false,
    may: [...BASE, "trie", "chain/verify", "chain/agree", "chain/sources"],
    packages: [],
  },
  {
    name: "rebuild",
    paths: ["keeper/rebuild/"],
    isPure: false,
    may: [...BASE, "trie", "books", "chain/verify", "chain/agree", "chain/sources", "chain/read"],
    packages: [],
  },
  {
    name: "evidence",
    paths: ["keeper/evidence/"],
    isPure: false,
    may: [...BASE, "loop", "chain/sources"],
    packages: [],
  },
  // What a third party runs on a bundle: the pure halves, and the digests of what it holds. No source, no store.
  {
    name: "evidence/bundle",
    paths: ["keeper/evidence/bundle/"],
    isPure: false,
    may: [...BASE, "trie", "trie/naive", "books", "books/naive", "chain/verify", "loop", "evidence"],
    packages: [],
  },
  {
    name: "probes",
    paths: ["keeper/probes/"],
    isPure: false,
    may: [...BASE, "trie", "books", "actions/plan", "chain/verify", "chain/agree", "chain/sources", "chain/read"],
    types: ["config"],
    packages: [],
  },
  {
    name: "service",
    // service.ts and its parts, which lie beside it.
    paths: ["keeper/*"],
    isPure: false,
    may: [
      ...[...BASE, "trie", "books", "books/naive", "chain/verify", "chain/agree", "actions/plan"],
      ...[
        "queries",
        "views",
        "views/adapters",
        "loop",
        "actions",
        "alerts",
        "chain/sources",
        "store",
        "telemetry",
        "control",
        "api",
        "peers",
        "config",
        "evidence",
        "evidence/bundle",
        "rebuild",
        "probes",
      ],
    ],
    packages: "*",
  },
  { name: "commands", paths: ["keeper/commands/", "keeper/main.ts"], isPure: false, may: "*", packages: "*" },

  // The core in a world that is made up. Nothing of the keeper imports it.
  {
    name: "simulator",
    paths: ["simulator/"],
    isPure: true,
    may: [
      ...[...BASE, "trie", "books", "books/naive", "chain/verify", "chain/agree", "actions/plan", "loop"],
      ...["store", "service", "scripts"],
    ],
    packages: [],
  },
  {
    name: "simulator/command",
    paths: ["simulator/main.ts", "simulator/command/"],
    isPure: false,
    may: ["simulator"],
    packages: [],
  },

  // What other teams stage attacks with: the core in their test's process. Nothing of the keeper imports it.
  {
    name: "testing",
    paths: ["testing/"],
    isPure: false,
    may: [...BASE, "chain/verify", "actions/plan", "actions", "loop", "service", "scripts"],
    packages: ["chai"],
  },

  // What programs and pages read a keeper with: of the keeper it knows the shapes of answers.
  {
    name: "client",
    paths: ["client/"],
    isPure: false,
    may: [],
    types: ["api"],
    packages: ["eventsource-parser"],
  },

  // The page that a keeper serves: it knows the client, and nothing else of the keeper.
  {
    name: "dashboard",
    paths: ["dashboard/"],
    isPure: false,
    may: ["client"],
    packages: ["preact", "uplot", "vite"],
  },

  { name: "deploy", paths: ["deploy/"], isPure: false, may: [], packages: "*" },
  { name: "scripts", paths: ["scripts/"], isPure: false, may: "*", packages: "*" },
  { name: "bench", paths: ["bench/"], isPure: false, may: "*", packages: "*" },
  { name: "test", paths: ["test/"], isPure: false, may: "*", packages: "*" },
];

/** The zone of a file, by its path from the project's folder with forward slashes; undefined outside every zone. */
export function zoneOf(path: string): Zone | undefined {
  let best: Zone | undefined;
  let length = 0;
  for (const zone of ZONES) {
    for (const pattern of zone.paths) {
      if (matches(pattern, path) && pattern.length > length) [best, length] = [zone, pattern.length];
    }
  }
  return best;
}

function matches(pattern: string, path: string): boolean {
  if (pattern.endsWith("/")) return path.startsWith(pattern);
  if (pattern.endsWith("/*")) return path.slice(0, path.lastIndexOf("/") + 1) === pattern.slice(0, -1);
  return path === pattern;
}

/** Glob patterns of the pure zones and, as exceptions, of what lies inside one of them and is not pure. */
export function pureGlobs(): { readonly files: string[]; readonly ignores: string[] } {
  const pathsOf = (isPure: boolean): string[] =>
    ZONES.filter((zone) => zone.isPure === isPure).flatMap(({ paths }) => paths);
  const pure = pathsOf(true);
  const exceptions = pathsOf(false).filter((path) => pure.some((outer) => path.startsWith(outer)));
  const toGlob = (path: string): string => (path.endsWith("/") ? `${path}**` : path);
  return { files: pure.map(toGlob), ignores: exceptions.map(toGlob) };
}
