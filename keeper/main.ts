#!/usr/bin/env node
import { createInterface } from "node:readline/promises";

import { CommanderError } from "commander";
import { config as loadDotenv } from "dotenv";

import type { CommandContext } from "./commands/CommandContext.ts";
import { createProgram } from "./commands/createProgram.ts";
import { EXIT, exitCodeOf } from "./commands/exitCodes.ts";
import { KeeperError } from "./errors/KeeperError.ts";

function createContext(): CommandContext {
  const end = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    // A second signal ends a shutdown that hangs.
    if (end.signal.aborted) process.exit(EXIT.fatal);
    end.abort();
    resolve();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    isColoured: process.stdout.isTTY && process.env["NO_COLOR"] === undefined,
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
    wallNow: Date.now,
    signal: end.signal,
    ended: promise,
  };
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

async function main(): Promise<number> {
  loadDotenv({ quiet: true });
  let exitCode: number = EXIT.clean;
  const program = createProgram(createContext(), (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error: unknown) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.usage;
    const text = KeeperError.is(error) ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error);
    process.stderr.write(`lockstep: ${text}\n`);
    return exitCodeOf(error);
  }
}

process.exit(await main());
