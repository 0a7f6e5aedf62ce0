import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect } from "chai";
import type { Command } from "commander";

import { completionScript, SHELLS } from "../../../keeper/commands/completion.ts";
import { createProgram } from "../../../keeper/commands/createProgram.ts";
import { CONTEXT } from "../../helpers/commandContext.ts";

const run = promisify(execFile);

function program(): Command {
  return createProgram(CONTEXT, () => undefined);
}

/** What bash offers for the last of some words. */
async function complete(...words: readonly string[]): Promise<string[]> {
  const replies = ["$", "{COMPREPLY[@]}"].join("");
  const line = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lockstep; printf "%s\\n" "${replies}"`;
  const script = `${completionScript(program(), "bash")}\n${line}`;
  const { stdout } = await run("bash", ["--norc", "-c", script, "bash", "lockstep", ...words]);
  return stdout.split("\n").filter((word) => word !== "");
}

function commandsOf(command: Command): Command[] {
  return command.commands.flatMap((each) => [each, ...commandsOf(each)]);
}

describe("lockstep completion", () => {
  it("offers each command to bash, and those below it", async () => {
    expect(await complete("")).to.include.members(program().commands.map((command) => command.name()));
    expect(await complete("do")).to.deep.equal(["doctor"]);
    expect(await complete("incidents", "")).to.include.members(["ack", "close"]);
  });

  it("offers the options of the command that stands there, wherever others stand before", async () => {
    expect(await complete("incidents", "ack", "0x12", "--reason", "seen", "--ye")).to.deep.equal(["--yes"]);
    expect(await complete("run", "--mode", "act", "--api-po")).to.deep.equal(["--api-port"]);
  });

  it("offers the values of those that have a list of them, and files where there is none", async () => {
    expect(await complete("drill", "--chain", "")).to.deep.equal(["hardhat", "anvil"]);
    expect(await complete("run", "--mode", "")).to.deep.equal(["watch", "alert", "act"]);
    expect(await complete("completion", "z")).to.deep.equal(["zsh"]);
    expect(await complete("verify", "/etc/host")).to.include("/etc/hosts");
  });

  it("has every command and every option in the script of each shell", () => {
    for (const shell of SHELLS) {
      const script = completionScript(program(), shell);
      for (const command of commandsOf(program())) {
        expect(script, shell).to.include(command.name());
        for (const { long } of command.options)
          expect(script, shell).to.include(shell === "fish" ? `-l ${long?.slice(2)} ` : long);
      }
    }
  });
});
