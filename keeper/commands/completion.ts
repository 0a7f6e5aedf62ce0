import type { Command } from "commander";

/** Shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** What may follow on some words of the command line. */
interface Place {
  /** The words after the program's name: none, `incidents`, `incidents ack`. */
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly text: string;
  readonly help: string;
}

/**
 * A script for a shell that completes commands, options, and the values of those that have a list of them. It holds all of it: pressing
 * the key starts no process.
 */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, "");
  if (shell === "fish") return fish(program.name(), places);
  const script = bash(program.name(), places);
  return shell === "bash" ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

function placesOf(command: Command, path: string): Place[] {
  const commands = command.commands.filter((each) => each.name() !== "help");
  const words = [
    ...commands.map((each) => ({ text: each.name(), help: each.description() })),
    ...command.registeredArguments.flatMap(({ argChoices }) => (argChoices ?? []).map((text) => ({ text, help: "" }))),
    ...command.options.flatMap(({ long, description }) => (long == null ? [] : [{ text: long, help: description }])),
    { text: "--help", help: "what there is to know" },
  ];
  const values = command.options.flatMap(({ long, argChoices }) => {
    if (long == null || argChoices === undefined) return [];
    return [{ path: `${path} ${long}`.trim(), words: argChoices.map((text) => ({ text, help: "" })) }];
  });
  const below = commands.flatMap((each) => placesOf(each, `${path} ${each.name()}`.trim()));
  return [{ path, words }, ...values, ...below];
}

function bash(name: string, places: readonly Place[]): string {
  const cases = places.map(
    ({ path, words }) => `    ${quote(path)}) words=${quote(words.map(({ text }) => text).join(" "))} ;;`,
  );
  const commands = places.filter(({ path }) => path !== "" && !path.includes("--")).map(({ path }) => quote(path));
  return [
    `# bash completion for ${name}: source <(${name} completion bash)`,
    `_${name}() {`,
    `  local path="" word words=""`,
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do`,
    `    case "\${path:+$path }$word" in ${commands.join("|")}) path="\${path:+$path }$word" ;; esac`,
    `  done`,
    `  case "\${COMP_WORDS[COMP_CWORD-1]}" in --*) words="$path \${COMP_WORDS[COMP_CWORD-1]}" ;; *) words="$path" ;; esac`,
    `  for word in "$words" "$path"; do`,
    `    words=""`,
    `    case "$word" in`,
    ...cases.map((line) => `  ${line}`),
    `    esac`,
    `    [[ -n "$words" ]] && break`,
    `  done`,
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    `  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    `}`,
    `complete -F _${name} ${name}`,
  ].join("\n");
}

function fish(name: string, places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words }) => {
    const parents = path === "" ? [] : path.split(" ").filter((word) => !word.startsWith("-"));
    const option = path.split(" ").findLast((word) => word.startsWith("--"));
    const condition =
      parents.length === 0
        ? "__fish_use_subcommand"
        : parents.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    return words.map(({ text, help }) => {
      const start = `complete -c ${name} -n ${quote(condition)}`;
      if (option !== undefined) return `${start} -l ${option.slice(2)} -xa ${quote(text)}`;
      const what = text.startsWith("--") ? `-l ${text.slice(2)}` : `-fa ${quote(text)}`;
      return `${start} ${what} -d ${quote(help)}`;
    });
  });
  return [`# fish completion for ${name}: ${name} completion fish | source`, ...lines].join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
