import { allCommands, type CommandNode, type OptionNode } from './command-tree.ts';

export function fishCompletion(tree: CommandNode): string {
  const lines = allCommands(tree).flatMap((node) => [
    ...node.commands.map((child) => line(node, `-f -a ${child.path.at(-1)} -d ${quote(child.description)}`)),
    ...node.arguments
      .filter(({ choices }) => choices.length > 0)
      .map(({ choices }) => line(node, `-f -a ${quote(choices.join(' '))}`)),
    ...node.options.map((option) => line(node, optionWords(option))),
  ]);
  return `# Made from the command line of eipkeeper.\ncomplete -c eipkeeper -f\n${lines.join('\n')}\n`;
}

/** In force where the command was typed, and none of those below it. */
function line(node: CommandNode, words: string): string {
  const seen = node.path.map((name) => `__fish_seen_subcommand_from ${name}`);
  const below = node.commands.map(({ path }) => path.at(-1)).join(' ');
  if (below !== '') seen.push(`not __fish_seen_subcommand_from ${below}`);
  return `complete -c eipkeeper -n ${quote(seen.join('; and '))} ${words}`;
}

function optionWords({ short, long, description, value, choices }: OptionNode): string {
  const names = [short === '' ? '' : `-s ${short.slice(1)}`, `-l ${long.slice(2)}`].filter(Boolean);
  const values =
    choices.length > 0 ? `-x -a ${quote(choices.join(' '))}` : value === 'required' ? '-r -F' : '';
  return [...names, values, `-d ${quote(description)}`].filter(Boolean).join(' ');
}

const quote = (words: string): string => `'${words.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
