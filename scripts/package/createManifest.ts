import { builtinModules } from "node:module";

import source from "../../package.json" with { type: "json" };

/**
 * Packages that only some of the product needs: a chain of one's own (`up`, `drill`), and matchers in other teams' tests. Whoever wants
 * that installs them; the others are spared a compiler and two nodes.
 */
const OPTIONAL_PEERS = [
  "@foundry-rs/anvil",
  "@nomicfoundation/hardhat-ignition",
  "@nomicfoundation/ignition-core",
  "chai",
  "hardhat",
] as const;

/** The package's own manifest, made of the repository's. */
export type PackageManifest = Readonly<Record<string, unknown>> & {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
};

/**
 * The manifest for what is packed. Dependencies are those of the repository that the code imports.
 *
 * @param imported names of all packages that the code imports
 * @throws Error for an import that nothing in the manifest would install.
 */
export function createManifest(imported: ReadonlySet<string>): PackageManifest {
  const { dependencies: all, devDependencies: forDevelopment, version, description, license } = source;
  const known: Readonly<Record<string, string>> = { ...forDevelopment, ...all };
  const optional: readonly string[] = OPTIONAL_PEERS;
  const stranger = [...imported].find((name) => !(name in all) && !optional.includes(name));
  if (stranger !== undefined)
    throw new Error(`${stranger} is imported, and neither a dependency nor an optional peer of the package`);
  const peers = optional.map((name) => [name, `^${known[name] ?? "*"}`] as const);
  return {
    ...{ name: source.name, version, description, license },
    // It is installed from its file: the name is not reserved in the public registry.
    private: true,
    type: "module",
    bin: { lockstep: "scripts/package/lockstep.js" },
    exports: {
      "./client": { types: "./client/index.d.ts", default: "./client/index.js" },
      "./testing": { types: "./testing/index.d.ts", default: "./testing/index.js" },
      "./package.json": "./package.json",
    },
    engines: { node: ">=24" },
    dependencies: Object.fromEntries(Object.entries(all).filter(([name]) => imported.has(name))),
    peerDependencies: Object.fromEntries(peers),
    peerDependenciesMeta: Object.fromEntries(peers.map(([name]) => [name, { optional: true }])),
  };
}

const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bresolve\()"([^"]+)"/g;

/** The packages that a module imports, static and dynamic; Node's own and files beside it are none. */
export function packagesIn(code: string): readonly string[] {
  const specifiers = [...code.matchAll(SPECIFIER)].map(([, specifier = ""]) => specifier);
  const outside = specifiers.filter((name) => /^[@a-z]/.test(name) && !name.startsWith("node:"));
  const names = outside.map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"));
  return names.filter((name) => !builtinModules.includes(name));
}
