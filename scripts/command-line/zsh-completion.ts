import type { CommandNode, OptionNode } from './command-tree.ts';

export function zshCompletion(tree: CommandNode): string {
  return `#compdef eipkeeper
# Made from the command line of eipkeeper.
${functionsOf(tree).join('\n\n')}

_eipkeeper "$@"
`;
}

const functionName = ({ path }: CommandNode): string =>
  ['_eipkeeper', ...path].join('_').replaceAll('-', '_');

/** One function for each command, the ones below it first. */
function functionsOf(node: CommandNode): string[] {
  const specs = [...node.options.map(optionSpec), `'(- *)--help[show the help]'`];
  const below = node.commands.flatMap(functionsOf);
  if (node.commands.length === 0) {
    const argumentSpecs = node.arguments.map(
      ({ name, choices, required }, index) =>
        `'${index + 1}${required ? '' : ':'}:${name}:${choices.length > 0 ? `(${choices.join(' ')})` : ' '}'`,
    );
    return [`${functionName(node)}() {\n  _arguments ${[...specs, ...argumentSpecs].join(' \\\n    ')}\n}`];
  }
  const described = node.commands.map(
    (child) => `      ${quote(`${child.path.at(-1)}:${child.description.replaceAll(':', '\\:')}`)}`,
  );
  const chosen = node.commands.map((child) => `        ${child.path.at(-1)}) ${functionName(child)} ;;`);
  return [
    ...below,
    `${functionName(node)}() {
  local state line
  _arguments -C ${specs.join(' \\\n    ')} '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${described.join('\n')}
      )
      _describe command commands
      ;;
    rest)
      case $line[1] in
${chosen.join('\n')}
      esac
      ;;
  esac
}`,
  ];
}

function optionSpec({ short, long, description, value, valueName, choices }: OptionNode): string {
  const argument = choices.length > 0 ? `(${choices.join(' ')})` : '_files';
  const takes =
    value === 'none'
      ? ''
      : `${value === 'optional' ? '::' : ':'}${valueName.replaceAll(':', ' ')}:${argument}`;
  const tail = `[${description.replace(/[[\]]/g, '')}]${takes}`;
  if (short === '') return quote(`${long}${tail}`);
  return `'(${short} ${long})'{${short},${long}}${quote(tail)}`;
}

const quote = (words: string): string => `'${words.replaceAll("'", `'\\''`)}'`;
