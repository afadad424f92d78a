import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ConfigError } from '../../config/config-error.ts';
import { type HeartbeatKeys, loadKeys } from '../../config/key.ts';
import { loadConfiguration } from '../../config/load.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { packetsIn } from '../../wire/capture.ts';
import { type DescribeOptions, describePacket } from '../../wire/decode.ts';
import { CliError } from '../cli-error.ts';
import type { CliIo } from '../cli-io.ts';
import { printable } from '../printable.ts';

export function addDecode(program: Command, io: CliIo): void {
  program
    .command('decode [file]')
    .description('explain captured heartbeats: a pcap file, the text of tcpdump -x, or hexadecimal digits')
    .option('-c, --config <path>', 'check signatures with the key of this configuration, and name its groups')
    .addHelpText(
      'after',
      '\nExamples:\n  tcpdump -c 10 -w beats.pcap udp port 9694 && eipkeeper decode beats.pcap\n  tcpdump -x -c 1 udp port 9694 | eipkeeper decode --config /etc/eipkeeper/eipkeeper.yaml\n',
    )
    .action(async (file: string | undefined, { config }: { readonly config?: string }) => {
      const options = config === undefined ? {} : await describeOptions(io, config);
      const packets = packetsIn(file === undefined ? await io.readStdin() : await readCapture(file));
      if (packets.length === 0)
        throw new CliError('there is no packet of eipkeeper in this capture', EXIT.error);
      const texts = packets.map((packet) => `${describePacket(packet, options).join('\n')}\n`);
      io.stdout(printable(texts.join('\n')));
    });
}

async function readCapture(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const isDenied = (error as NodeJS.ErrnoException).code === 'EACCES';
    const message = `${path} cannot be read: ${(error as Error).message}`;
    throw new CliError(message, isDenied ? EXIT.noPermission : EXIT.error, { cause: error });
  }
}

async function describeOptions(io: CliIo, source: string): Promise<DescribeOptions> {
  const { file } = await loadConfiguration({ source });
  const groupNames = Object.keys(file.groups);
  try {
    return { keys: await readKeys(io, file), groupNames };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.stderr(`signatures are not checked: ${error.message}\n`);
    return { groupNames };
  }
}

function readKeys(io: CliIo, file: Parameters<typeof loadKeys>[0]): Promise<HeartbeatKeys> {
  const readParameter = () => Promise.reject(new Error('this command reads no parameters'));
  return loadKeys(file, { readParameter, env: io.env, uid: process.getuid?.() ?? 0 });
}
