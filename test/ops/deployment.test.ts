import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";
import { parse } from "yaml";

import { createProgram } from "../../keeper/commands/createProgram.ts";
import { EXIT } from "../../keeper/commands/exitCodes.ts";
import { CONFIG_FILE_OPTION, CONFIG_OPTIONS } from "../../keeper/config/configOptions.ts";
import { loadKeeperConfig } from "../../keeper/config/loadKeeperConfig.ts";
import manifest from "../../package.json" with { type: "json" };
import { createManifest } from "../../scripts/package/createManifest.ts";
import { CONTEXT } from "../helpers/commandContext.ts";
import { commandsIn, objectionTo } from "./commandLine.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SETTINGS = [CONFIG_FILE_OPTION.env, ...CONFIG_OPTIONS.map(({ env }) => env)];
const [PROGRAM = ""] = Object.values(createManifest(new Set())["bin"] as Record<string, string>);
const SECRETS = "/run/secrets/";

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly hostname?: string;
  readonly restart: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

const compose = parse(read("compose.yaml"), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const keepers = services.filter(([name]) => name.startsWith("keeper-"));

/** What a container or a unit is told of the keeper's settings. */
function expectSettings(names: readonly string[], where: string): void {
  expect(
    names.filter((name) => name.startsWith("LOCKSTEP_") && !SETTINGS.includes(name)),
    where,
  ).to.deep.equal([]);
}

describe("compose.yaml", () => {
  it("sets what there is to set, and both replicas the same", () => {
    expect(keepers.map(([name]) => name)).to.deep.equal(["keeper-1", "keeper-2"]);
    for (const [name, { environment = {} }] of keepers) {
      expectSettings(Object.keys(environment), name);
      expect(environment).to.deep.equal(keepers[0]?.[1].environment);
    }
  });

  it("gives each service the secrets, files and volumes that it names, and no service another's", () => {
    const used = new Set<string>();
    for (const [name, service] of services) {
      const paths = Object.values(service.environment ?? {}).filter((value) => value.startsWith(SECRETS));
      expect(
        paths.map((path) => path.slice(SECRETS.length)),
        name,
      ).to.have.members([...(service.secrets ?? [])]);
      for (const secret of service.secrets ?? []) used.add(secret);
      for (const { source, target } of service.configs ?? []) {
        expect(compose.configs, name).to.have.property(source);
        expect(Object.values(service.environment ?? {})).to.include(target);
      }
      for (const volume of service.volumes ?? []) {
        const [from = ""] = volume.split(":");
        if (!from.startsWith(".")) expect(compose.volumes, name).to.have.property(from);
        else expect(existsSync(join(ROOT, from)), from).to.equal(true);
      }
    }
    expect([...used]).to.have.members(Object.keys(compose.secrets));
  });

  it("names every file that people have to bring in docs/deployment.md", () => {
    const text = read("docs/deployment.md");
    const files = [...Object.values(compose.secrets), ...Object.values(compose.configs)].map(({ file }) => file);
    for (const file of files) expect(text, file).to.include(`\`${file.replace(/^\.\//, "")}\``);
  });

  it("holds every service down: read-only, no capabilities, no new privileges, ports on this machine", () => {
    for (const [name, service] of services) {
      expect(service.read_only, name).to.equal(true);
      expect(service.cap_drop, name).to.deep.equal(["ALL"]);
      expect(service.security_opt, name).to.deep.equal(["no-new-privileges:true"]);
      for (const port of service.ports ?? []) expect(port, name).to.match(/^127\.0\.0\.1:\d+:\d+$/);
      expect(service.image, name).to.match(/:v?\d+\.\d+(?:\.\d+)?(?:-\w+)?$/);
      expect(service.restart, name).to.be.oneOf(["on-failure:5", "unless-stopped"]);
      // The image of a keeper has its own.
      if (!name.startsWith("keeper-")) expect(service.healthcheck?.test[0], name).to.equal("CMD");
      else expect(service.hostname, name).to.equal(name);
    }
  });

  it("has the replicas scraped as one keeper", () => {
    const { scrape_configs: scrapes } = parse(read("ops/prometheus/prometheus.yml")) as {
      readonly scrape_configs: readonly {
        readonly static_configs: readonly { readonly targets: readonly string[] }[];
      }[];
    };
    const targets = scrapes.flatMap(({ static_configs: groups }) => groups.flatMap((group) => group.targets));
    expect(targets).to.have.members(keepers.map(([name]) => `${name}:9464`));
  });

  it("runs the image of this version", () => {
    for (const [, { image }] of keepers) expect(image).to.equal(`lockstep:${manifest.version}`);
  });
});

describe("Dockerfile", () => {
  const text = read("Dockerfile").replaceAll("\\\n", " ");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));

  function instruction(name: string): string {
    return last.findLast((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
  }

  it("is of stages on one pinned base, and copies what there is", () => {
    expect(lines[0]).to.match(/^ARG BASE=node:24\.\d+\.\d+-\w+-slim$/);
    for (const line of lines.filter((each) => each.startsWith("FROM ")))
      expect(line).to.match(/^FROM \$\{BASE\}( AS \w+)?$/);
    const copied = lines.filter((line) => line.startsWith("COPY ") && !line.includes("--from="));
    for (const line of copied) {
      for (const path of line.split(/ +/).slice(1, -1)) expect(existsSync(join(ROOT, path)), path).to.equal(true);
    }
  });

  it("lets what the package is built from into the build, and nothing else", () => {
    const rules = read(".dockerignore").split("\n");
    expect(rules).to.include("*");
    const allowed = rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
    const { include } = JSON.parse(read("scripts/package/tsconfig.json")) as { readonly include: readonly string[] };
    const folders = include.map((path) => (path.startsWith("../../") ? (path.split("/")[2] ?? "") : "scripts"));
    const needed = [...folders, "contracts", "hardhat.config.ts", "tsconfig.json", "package.json", "package-lock.json"];
    expect(allowed).to.include.members(needed);
    for (const path of allowed) expect(existsSync(join(ROOT, path)), path).to.equal(true);
    for (const secret of [".env", "secrets", "test", ".git"]) expect(allowed).not.to.include(secret);
  });

  it("ends as a user without rights, stops by the signal that the keeper handles, and runs its command", () => {
    expect(instruction("USER")).to.match(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
    expect(instruction("STOPSIGNAL")).to.equal("SIGTERM");
    expect(JSON.parse(instruction("ENTRYPOINT"))).to.deep.equal(["node", `/app/${PROGRAM}`]);
    expect(JSON.parse(instruction("CMD"))).to.deep.equal(["run"]);
    expect(existsSync(join(ROOT, PROGRAM.replace(/\.js$/, ".ts")))).to.equal(true);
  });

  it("keeps no secret in a layer, and sets what there is to set", () => {
    const set = lines.filter((line) => /^(?:ENV|ARG) /.test(line)).flatMap((line) => line.split(/ +/).slice(1));
    const names = set.map((pair) => pair.split("=")[0] ?? "");
    expectSettings(names, "ENV");
    for (const name of names) expect(name).not.to.match(/KEY|SECRET|PASSWORD|TOKEN|URL/);
  });

  it("is healthy while /healthz answers 200, and not when it does not or nobody answers", async () => {
    const [, json = "[]"] = /CMD (\[.*\])$/.exec(instruction("HEALTHCHECK")) ?? [];
    const [program = "", ...args] = JSON.parse(json) as string[];
    let status = 200;
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url ?? "");
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const check = async (): Promise<number> => {
      try {
        await run(program, args, { env: { ...process.env, LOCKSTEP_API_PORT: String(port) } });
        return 0;
      } catch (error: unknown) {
        return (error as { readonly code: number }).code;
      }
    };
    expect(await check()).to.equal(0);
    status = 503;
    expect(await check()).to.equal(1);
    await new Promise((resolve) => server.close(resolve));
    expect(await check()).to.equal(1);
    expect(paths).to.deep.equal(["/healthz", "/healthz"]);
  });
});

describe("lockstep.service", function () {
  this.timeout(20_000);
  const path = join(ROOT, "ops/systemd/lockstep.service");
  const unit = read("ops/systemd/lockstep.service");

  function values(name: string): string[] {
    return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);
  }

  it("sets what there is to set, from credentials that it loads", () => {
    const pairs = values("Environment").map((pair) => pair.split("="));
    expectSettings(
      pairs.map(([name = ""]) => name),
      "Environment",
    );
    const used = pairs.flatMap(([, value = ""]) => (value.startsWith("%d/") ? [value.slice(3)] : []));
    const loaded = values("LoadCredential").map((credential) => credential.split(":")[0]);
    expect(used).to.have.members(loaded);
  });

  it("is not started again where only a person helps, and is where the keeper asks for it", () => {
    expect(values("Restart")).to.deep.equal(["on-failure"]);
    expect(values("RestartPreventExitStatus")).to.deep.equal([`${EXIT.fatal} ${EXIT.usage} ${EXIT.latched}`]);
    expect(values("RestartForceExitStatus")).to.deep.equal([`${EXIT.tryAgain}`]);
  });

  it("runs the program of the package", () => {
    expect(values("ExecStart")).to.deep.equal([`/usr/bin/node /opt/lockstep/node_modules/lockstep/${PROGRAM} run`]);
  });

  it("passes systemd-analyze: nothing unknown in it, and little that it could do to the machine", async function () {
    try {
      await run("systemd-analyze", ["--version"]);
    } catch {
      console.log("      systemd-analyze is not installed");
      return this.skip();
    }
    const { stderr } = await run("systemd-analyze", ["verify", path]).catch(
      (error: unknown) => error as { stderr: string },
    );
    // The programs that it names need not be on this machine.
    const complaints = stderr
      .split("\n")
      .filter((line) => line.includes("lockstep.service") && !line.includes("is not executable"));
    expect(complaints).to.deep.equal([]);
    const { stdout } = await run("systemd-analyze", ["security", "--offline=yes", path]);
    const [, exposure = "10"] = /exposure level for lockstep\.service: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).to.be.at.most(1.5);
  });
});

describe("docs/deployment.md and the example of settings", () => {
  it("are understood by the program", () => {
    const text = read("docs/deployment.md");
    const program = createProgram(CONTEXT, () => undefined);
    const commands = commandsIn(text, "npx").filter(([name]) => name === "lockstep");
    expect(commands.length).to.be.greaterThan(0);
    for (const [, ...words] of commands) expect(objectionTo(program, words)).to.equal(null);
    for (const [, script = ""] of text.matchAll(/npm run (?:--silent )?([\w:]+)/g))
      expect(manifest.scripts).to.have.property(script);
    const { config } = loadKeeperConfig({ flags: { config: join(ROOT, "ops/lockstep.example.json") }, env: {} });
    expect(config.sources).to.have.length(3);
    expect(config.peers).to.have.length(3);
  });
});
