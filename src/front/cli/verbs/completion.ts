import { argument, type Context } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";

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

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

/** `completion [SHELL]`: bash without an argument, as ever. */
export async function completion(context: Context): Promise<number> {
  const shell = argument(context, 0) || "bash";
  const script = scripts[shell];
  if (script === undefined) throw new CliError(`no completion for ${shell}: choose ${Object.keys(scripts).join(", ")}`);
  context.io.stdout(script);
  return 0;
}
