import { allCommands, type CommandNode, type OptionNode } from './command-tree.ts';

/** Completes commands, options, and the values that are chosen from a list; after other options, files. */
export function bashCompletion(tree: CommandNode): string {
  const nodes = allCommands(tree);
  const known = nodes.filter(({ path }) => path.length > 0).map((node) => quote(pathOf(node)));
  return `# bash completion for eipkeeper, made from its command line.
_eipkeeper() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} path= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
      ${known.join(' | ')}) path="$path $word" ;;
    esac
  done
  COMPREPLY=()
  case "$path $prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$path" in
${nodes.map(wordCase).join('\n')}
  esac
}
complete -F _eipkeeper eipkeeper
`;
}

const pathOf = ({ path }: CommandNode): string => path.map((name) => ` ${name}`).join('');
const quote = (words: string): string => `'${words}'`;

function valueCases(node: CommandNode): string[] {
  return node.options
    .filter(({ value }) => value === 'required')
    .map((option) => {
      const patterns = namesOf(option).map((name) => quote(`${pathOf(node)} ${name}`));
      return `    ${patterns.join(' | ')}) ${valuesOf(option)}; return ;;`;
    });
}

const valuesOf = ({ choices }: OptionNode): string =>
  choices.length > 0
    ? `mapfile -t COMPREPLY < <(compgen -W '${choices.join(' ')}' -- "$cur")`
    : `mapfile -t COMPREPLY < <(compgen -f -- "$cur")`;

function wordCase(node: CommandNode): string {
  const words = [
    ...node.commands.map(({ path }) => path.at(-1)),
    ...node.arguments.flatMap(({ choices }) => choices),
    ...node.options.flatMap(namesOf),
    '--help',
  ];
  return `    ${quote(pathOf(node))}) mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$cur") ;;`;
}

const namesOf = ({ short, long }: OptionNode): string[] => [short, long].filter(Boolean);
