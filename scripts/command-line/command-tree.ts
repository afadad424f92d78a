import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';

/** What the man page and the completions are made from: the command line as commander knows it. */
export interface CommandNode {
  /** "eipkeeper config check" without the program: ["config", "check"]. */
  readonly path: readonly string[];
  readonly description: string;
  readonly arguments: readonly ArgumentNode[];
  readonly options: readonly OptionNode[];
  readonly commands: readonly CommandNode[];
  /** What its help says below the options: exit codes, examples. */
  readonly after: string;
}

export interface ArgumentNode {
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
  readonly choices: readonly string[];
}

export interface OptionNode {
  /** "-c, --config <path>" */
  readonly flags: string;
  /** "-c"; '' without. */
  readonly short: string;
  /** "--config" */
  readonly long: string;
  readonly description: string;
  readonly value: 'none' | 'optional' | 'required';
  /** "path"; '' without a value. */
  readonly valueName: string;
  readonly choices: readonly string[];
  /** As the help shows it; '' without. */
  readonly defaultValue: string;
  /** '' without. */
  readonly variable: string;
}

export function commandTree(): CommandNode {
  let written = '';
  const unused = () => {
    throw new Error('only the help is asked for');
  };
  const program = buildProgram(
    {
      stdout: (text) => {
        written += text;
      },
      stderr: unused,
      terminal: null,
      env: {},
      readStdin: unused,
      interrupted: unused,
      connect: unused,
      runDaemon: unused,
      runGuard: unused,
    },
    unused,
  );
  const textAfter = (command: Command): string => {
    written = '';
    command.outputHelp();
    return written
      .slice(written.indexOf(command.helpInformation()) + command.helpInformation().length)
      .trim();
  };
  return nodeOf(program, [], textAfter);
}

function nodeOf(
  command: Command,
  path: readonly string[],
  textAfter: (command: Command) => string,
): CommandNode {
  return {
    path,
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      required: argument.required,
      description: argument.description,
      choices: argument.argChoices ?? [],
    })),
    options: command.options.filter(({ hidden }) => !hidden).map(optionOf),
    commands: command.commands.map((child) => nodeOf(child, [...path, child.name()], textAfter)),
    after: textAfter(command),
  };
}

function optionOf(option: Command['options'][number]): OptionNode {
  const { flags, short, long, description, required, optional, argChoices, envVar, defaultValue } = option;
  // "--no-nginx" has true as its default, which says nothing.
  const shown = option.defaultValueDescription ?? (typeof defaultValue === 'boolean' ? '' : defaultValue);
  return {
    flags,
    short: short ?? '',
    long: long ?? '',
    description,
    value: required ? 'required' : optional ? 'optional' : 'none',
    valueName: /[<[]([^\]>]+)[\]>]/.exec(flags)?.[1] ?? '',
    choices: argChoices ?? [],
    defaultValue: shown === undefined ? '' : String(shown),
    variable: envVar ?? '',
  };
}

/** The node and all below it, as they stand in the help. */
export function allCommands(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.commands.flatMap(allCommands)];
}
