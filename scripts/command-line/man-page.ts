import { allCommands, type CommandNode, type OptionNode } from './command-tree.ts';

export interface ManPageOptions {
  readonly version: string;
  /** "2026-11-21" */
  readonly date: string;
}

/** eipkeeper(8), in the macros of man(7). */
export function manPage(tree: CommandNode, { version, date }: ManPageOptions): string {
  const commands = allCommands(tree).filter((node) => node.path.length > 0 && node.commands.length === 0);
  return `${[
    `.TH EIPKEEPER 8 ${quoted(date)} ${quoted(`eipkeeper ${version}`)} "System Administration"`,
    '.SH NAME',
    'eipkeeper \\- keeps an Elastic IP, and the service behind it, on a healthy EC2 instance',
    '.SH SYNOPSIS',
    '.B eipkeeper',
    '.I command',
    '.RI [ option \\&...]',
    '.SH DESCRIPTION',
    text(
      'The daemon runs on each node of a cluster, as a service of systemd; the commands ask it, and tell it what to do. A planned restart of it interrupts nothing, "systemctl stop" hands over first.',
    ),
    ...section('OPTIONS', tree.options.flatMap(optionLines)),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    ...section(
      'EXIT STATUS',
      verbatim(tree.after.replace(/^Exit codes:\n/, '').replace(/\n*Example:.*$/s, '')),
    ),
    '.SH FILES',
    ...FILES.flatMap(([path, what]) => ['.TP', `.I ${escaped(path)}`, text(what)]),
    '.SH SEE ALSO',
    '.BR systemctl (1),',
    '.BR journalctl (1)',
  ].join('\n')}\n`;
}

const FILES = [
  ['/etc/eipkeeper/eipkeeper.yaml', 'The configuration, the same on every node.'],
  ['/usr/share/eipkeeper/eipkeeper.example.yaml', 'A commented example of it.'],
  ['/run/eipkeeper/eipkeeper.sock', 'The control socket.'],
  ['/var/lib/eipkeeper', 'What the daemon remembers across reboots, and its journal.'],
] as const;

function commandLines(command: CommandNode): string[] {
  const words = command.arguments.map(({ name, required }) => (required ? `<${name}>` : `[${name}]`));
  const usage = ['eipkeeper', ...command.path, ...words].join(' ');
  return [
    `.SS ${quoted(usage)}`,
    text(sentence(command.description)),
    ...command.arguments.flatMap(({ name, description, choices }) => {
      const what = description === '' ? choices.join(', ') : description;
      return what === '' ? [] : ['.TP', `.I ${escaped(name)}`, text(sentence(what))];
    }),
    ...command.options.flatMap(optionLines),
    ...(command.after === '' ? [] : ['.PP', ...verbatim(command.after)]),
  ];
}

function optionLines({ flags, description, choices, defaultValue, variable }: OptionNode): string[] {
  const facts = [
    choices.length > 0 ? `One of ${choices.join(', ')}.` : '',
    defaultValue === '' ? '' : `Default: ${defaultValue}.`,
    variable === '' ? '' : `Also in $${variable}.`,
  ].filter(Boolean);
  return ['.TP', `.B ${escaped(flags)}`, text([sentence(description), ...facts].join(' '))];
}

const section = (name: string, lines: readonly string[]): string[] => [`.SH ${name}`, ...lines];
const verbatim = (lines: string): string[] => ['.nf', ...lines.split('\n').map(text), '.fi'];
const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
const quoted = (words: string): string => `"${escaped(words).replaceAll('"', '""')}"`;

/** A hyphen that is typed must not become a dash. */
const escaped = (words: string): string => words.replaceAll('\\', '\\e').replaceAll('-', '\\-');

/** A line that begins with a full stop or an apostrophe would be a macro. */
const text = (words: string): string => escaped(words).replace(/^([.'])/, '\\&$1');
