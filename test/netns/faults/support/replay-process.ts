import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Sends the datagrams of a file (a JSON array of hexadecimal texts) to an address and port, until it is killed. */
const [path = '', address = '', port = '', everyMs = ''] = process.argv.slice(2);
const datagrams = (JSON.parse(await readFile(path, 'utf8')) as string[]).map((text) =>
  Buffer.from(text, 'hex'),
);
const socket = createSocket('udp4');

for (;;) {
  for (const datagram of datagrams) {
    socket.send(datagram, Number(port), address);
    await sleep(Number(everyMs));
  }
}
