import { createSocket } from 'node:dgram';

/**
 * Runs in the VPC's namespace. Heartbeats are bent to it by the senders' rules, and what leaves it gets the sender's
 * address back by the VPC's: both ends see the peer they know. It ends when its standard input does.
 */
interface Lane {
  readonly host: string;
  readonly port: number;
  readonly to: string;
  readonly toPort: number;
}

interface Weather {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossPercent: number;
  readonly duplicatePercent: number;
}

const { lanes, weather } = JSON.parse(process.argv[2] ?? '{}') as { lanes: Lane[]; weather: Weather };
const happens = (percent: number): boolean => Math.random() * 100 < percent;

await Promise.all(
  lanes.map(
    (lane) =>
      new Promise<void>((resolve) => {
        const socket = createSocket('udp4');
        const deliver = (datagram: Buffer): void => {
          // Each datagram draws its own delay: jitter reorders, as netem's does.
          const delayMs = weather.delayMs + (Math.random() * 2 - 1) * weather.jitterMs;
          setTimeout(() => socket.send(datagram, lane.toPort, lane.to), Math.max(0, delayMs));
        };
        socket.on('message', (datagram) => {
          if (happens(weather.lossPercent)) return;
          deliver(datagram);
          if (happens(weather.duplicatePercent)) deliver(datagram);
        });
        socket.bind(lane.port, lane.host, resolve);
      }),
  ),
);
process.stdout.write('ready\n');
process.stdin.on('end', () => process.exit(0)).resume();
