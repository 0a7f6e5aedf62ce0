import type { Command } from "commander";

/** The words of a command as a shell reads them; what stands between quotes is one. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"[^"]*"|<[^>]*>|\S+/g)].map(([word]) => word);
}

/** The commands in a document's code that begin with a word, without that word; lines of blocks count as well. */
export function commandsIn(document: string, program: string): string[][] {
  const spans = [...document.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  const blocks = [...document.matchAll(/^```\w*\n([^]*?)^```/gm)].flatMap(([, block = ""]) => block.split("\n"));
  return [...spans, ...blocks].filter((code) => code.startsWith(`${program} `)).map((code) => wordsOf(code).slice(1));
}

/** What the program would not understand of a command; null when it would. */
export function objectionTo(program: Command, words: readonly string[]): string | null {
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
    // Every command has it, and no list of options does.
    if (word === "--help") continue;
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
