/** `mask-dpo completion`: a script for the shell, made from the commands, by which Tab completes their words. */
import { Argument, type Command, type Option } from "commander";
import { say } from "../options/flags";

/** A verb as a shell sees it; a group's words are its verbs. */
interface Spoken {
  /** as it is called after the program: "runs ls" */
  name: string;
  verbs: { name: string; description: string }[];
  options: { flag: string; description: string; value: Value; list: boolean }[];
  /** of its arguments, in order */
  values: Value[];
}

/** What may stand at a place: one of some words, a file, a folder, what no shell knows, or (of a switch) nothing. */
type Value = readonly string[] | "file" | "folder" | "other" | "none";

export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description("a script by which Tab completes verbs, options and their values")
    .addArgument(new Argument("<shell>", "whose").choices(["bash", "zsh"]))
    .addHelpText(
      "after",
      `
bash: put  eval "$(mask-dpo completion bash)"  into ~/.bashrc
zsh:  put  eval "$(mask-dpo completion zsh)"  into ~/.zshrc, after compinit
The command has to be called mask-dpo there: a link to lib/cli/mask-dpo.mjs, or an alias of that name.`,
    )
    .action((shell: string) => say((shell === "bash" ? bash : zsh)(spoken(program, "mask-dpo"))));
}

/** A command and all below it. @param name without the program's */
function spoken(command: Command, program: string, name = ""): Spoken[] {
  const verbs = command.commands.map((verb) => ({ name: verb.name(), description: verb.description() }));
  const options = command.options.map((option) => ({
    flag: option.long ?? option.flags,
    description: option.description,
    value: valueOf(option),
    list: option.variadic,
  }));
  const help = { flag: "--help", description: "how it is used", value: "none" as const, list: false };
  const values = command.registeredArguments.map((argument) => argument.argChoices ?? pathOr(argument.name()));
  const below = command.commands.flatMap((verb) => spoken(verb, program, `${name} ${verb.name()}`.trim()));
  return [{ name, verbs, options: [...options, help], values }, ...below];
}

function valueOf({ argChoices, flags, required, optional }: Option): Value {
  if (argChoices) return argChoices;
  return required || optional ? pathOr(/[<[](.+?)[\]>]/.exec(flags)?.[1] ?? "") : "none";
}

const pathOr = (what: string): Value => (/dir/.test(what) ? "folder" : /file/.test(what) ? "file" : "other");

/** Where nothing is proposed, bash proposes files. */
function bash(spokens: readonly Spoken[]): string {
  const groups = spokens.filter(({ verbs }) => verbs.length > 0);
  const steps = groups.flatMap(({ name, verbs }) => verbs.map((verb) => `"${name} ${verb.name}"`));
  const values = spokens.flatMap(({ name, options }) =>
    options.flatMap(({ flag, value }) => {
      const reply = { file: "return", folder: 'COMPREPLY=($(compgen -d -- "$cur"))', other: "compopt +o default" };
      if (value === "none") return [];
      return `    "${name} ${flag}") ${typeof value === "string" ? reply[value] : wordsIn(value)}; return ;;`;
    }),
  );
  const words = spokens.map(({ name, verbs, options, values: [first] }) => {
    const flags = options.map(({ flag }) => flag).join(" ");
    const others = typeof first === "object" ? first : verbs.map((verb) => verb.name);
    const bare = first === undefined && verbs.length === 0 ? flags : others.join(" ");
    return `    "${name}") flags="${flags}" bare="${bare}" ;;`;
  });
  return `# Completion of mask-dpo for bash
_mask_dpo() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" verb="" flags="" bare="" word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$verb $word" in
      ${steps.join("|")}) verb="\${verb:+$verb }$word" ;;
    esac
  done
  case "$verb $prev" in
${values.join("\n")}
  esac
  case "$verb" in
${words.join("\n")}
  esac
  [[ $cur == -* ]] && bare="$flags"
  COMPREPLY=($(compgen -W "$bare" -- "$cur"))
}
complete -o default -F _mask_dpo mask-dpo`;
}

const wordsIn = (words: readonly string[]): string => `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur"))`;

/** With descriptions; a function a verb. */
function zsh(spokens: readonly Spoken[]): string {
  const functions = spokens.map(({ name, verbs, options, values }) => {
    const flags = options.map(
      ({ flag, description, value, list }) => `${list ? "*" : ""}${flag}[${plain(description)}]${actionOf(value)}`,
    );
    const places =
      verbs.length > 0 ? ["1:verb:->verb", "*::rest:->rest"] : values.map((value) => `*${actionOf(value)}`);
    const lines = [...flags, ...places].map((line) => `    ${quoted(line)}`).join(" \\\n");
    const choices = verbs.map((verb) => quoted(`${verb.name}:${plain(verb.description)}`)).join(" ");
    const state = `
  case $state in
    verb) local -a verbs=(${choices}); _describe verb verbs ;;
    rest) (( $+functions[${functionOf(name)}_$words[1]] )) && ${functionOf(name)}_$words[1] ;;
  esac`;
    return `${functionOf(name)}() {
  local curcontext=$curcontext state line
  _arguments -C \\
${lines}${verbs.length > 0 ? state : ""}
}`;
  });
  return ["#compdef mask-dpo", ...functions, "compdef _mask_dpo mask-dpo"].join("\n");
}

const functionOf = (name: string): string => ["_mask_dpo", ...name.split(" ").filter(Boolean)].join("_");
/** Without what means something in a specification of zsh. */
const plain = (text: string): string => text.replace(/[[\]:\\]/g, " ").replace(/\s+/g, " ");
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function actionOf(value: Value): string {
  if (typeof value === "object") return `:value:(${value.join(" ")})`;
  return { file: ":file:_files", folder: ":folder:_files -/", other: ":value: ", none: "" }[value];
}
