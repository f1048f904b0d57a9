/** Completion in the shell: scripts that ask the program, and what the program finds in its commands. */
import { type Command, shownCommands } from "./command.ts";
import { orElse } from "./errors.ts";
import type { Completes, FlagTable } from "./flags.ts";
import { shownFlags } from "./help.ts";
import { findCommand, parseWords } from "./parse.ts";

// All three ask the program itself, so that a script never knows less than the program.
const bash = `_dispatch() {
    local IFS=$'\\n'
    COMPREPLY=($(compgen -W "$(dispatch __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _dispatch dispatch
`;

const zsh = `#compdef dispatch
_dispatch() {
    local -a candidates
    candidates=(\${(f)"$(dispatch __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( \${#candidates} )); then compadd -- "\${candidates[@]}"; else _files; fi
}
compdef _dispatch dispatch
`;

const fish = `function __dispatch_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l candidates (dispatch __complete -- $words[2..-1] 2>/dev/null)
    if set -q candidates[1]
        printf '%s\\n' $candidates
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c dispatch -f -a '(__dispatch_complete)'
`;

export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish };

/** What may follow these words: the words themselves, or whose names; and the arguments before it. */
export function completionAfter<C>(root: Command<C>, globals: FlagTable, before: readonly string[], last: string) {
  const { command, words } = findCommand(root, globals, before);
  const flags = { ...command.flags, ...globals };
  const valued = flagBefore(flags, words.at(-1) ?? "");
  const args = argumentsOf(flags, valued ? words.slice(0, -1) : words);
  const completes = (): Completes | undefined => {
    if (valued) return valued.completes;
    if (last.startsWith("-")) return shownFlags(flags).map(([name]) => `--${name}`);
    if (command.commands) return shownCommands(command).map((child) => child.name);
    return command.arguments?.[args.length]?.completes;
  };
  return { args, completes: completes() ?? [] };
}

/** The flag whose value comes next. */
function flagBefore(flags: FlagTable, word: string) {
  const found = Object.entries(flags).find(([name, { short }]) => word === `--${name}` || word === `-${short}`);
  return found?.[1].type === "boolean" ? undefined : found?.[1];
}

/** Where a flag does not exist nobody knows whether the next word is its value. */
function argumentsOf(flags: FlagTable, words: readonly string[]): readonly string[] {
  const plain = words.filter((word) => !word.startsWith("-"));
  return orElse(() => parseWords(flags, words).args, plain);
}
