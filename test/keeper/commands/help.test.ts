import { readFileSync } from "node:fs";

import { expect } from "chai";
import type { Command } from "commander";

import { createProgram } from "../../../keeper/commands/createProgram.ts";
import { listMetrics } from "../../../keeper/commands/listMetrics.ts";
import { CONFIG_OPTIONS } from "../../../keeper/config/configOptions.ts";
import { CONFIG_TABLE } from "../../../keeper/config/configTable.ts";
import { Status } from "../../../keeper/Status.ts";
import { CONTEXT } from "../../helpers/commandContext.ts";

/** What a command prints for `--help`. */
function helpOf(name: string): string {
  let text = "";
  const program = createProgram(CONTEXT, () => undefined);
  const command = program.commands.find((each) => each.name() === name) as Command;
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text.replaceAll(/\s+/g, " ");
}

describe("the help of a command", () => {
  it("shows the values of each setting that takes one of a few words, and those are all that it takes", () => {
    const help = helpOf("run");
    const settings = CONFIG_OPTIONS.filter(({ isKeyFile }) => !isKeyFile);
    for (const { key, flag, choices } of settings) {
      const { parse } = CONFIG_TABLE[key];
      const refusal = parse("no such word");
      const words = refusal.ok ? undefined : /^one of (.*)$/.exec(refusal.expected)?.[1];
      expect(choices?.join(", "), flag).to.equal(words);
      for (const word of choices ?? []) expect(parse(word).ok, `${flag} ${word}`).to.equal(true);
      if (choices !== undefined) expect(help).to.include(`choices: ${choices.map((word) => `"${word}"`).join(", ")}`);
    }
    expect(settings.filter(({ choices }) => choices !== undefined)).to.have.length.above(3);
  });

  it("lists every metric of the running keeper with its type, and operations.md has each", () => {
    const help = helpOf("run");
    const exposed = [...new Status(() => 0).metrics().matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    expect(exposed).to.have.length.above(20);
    const document = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
    for (const [, name = "", type = ""] of exposed) {
      expect(help).to.include(`${name} ${type} `);
      expect(document, name).to.match(new RegExp(`\\| \`${name}(\\{[a-z,]+\\})?\` +\\| ${type} `));
    }
    expect(listMetrics().split("\n")).to.have.length(exposed.length + 1);
  });
});
