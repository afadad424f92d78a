import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/observability/logger.ts';
import { runDaemon } from '../../../src/runtime/daemon.ts';

/** A metadata service that never answers: the daemon stays in its start. */
const silent = createServer(() => {});
beforeEach(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
afterEach(() => {
  silent.closeAllConnections();
  silent.close();
});

function start() {
  const lines: string[] = [];
  const signals = new EventEmitter();
  const { port } = silent.address() as AddressInfo;
  const code = runDaemon({
    source: 'ssm:/eipkeeper/web/config',
    version: '0.0.0',
    environment: { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}` },
    signals,
    log: createLogger({ level: 'info', format: 'text', write: (line) => lines.push(line) }),
  });
  return { code, signals, lines };
}

describe('a daemon that is still starting', () => {
  it('ends with an error when something threw that nobody caught, and says that nothing was stopped', async () => {
    const { code, signals, lines } = start();
    signals.emit('uncaughtException', new Error('boom'));
    expect(await code).toBe(1);
    expect(lines.join('')).toMatch(/fatal.*services and address stay as they are.*boom/);
  });

  it('ends at once when it is told to', async () => {
    const { code, signals } = start();
    signals.emit('SIGTERM');
    expect(await code).toBe(0);
  });

  it('takes a reload for nothing, and goes on', async () => {
    const { code, signals } = start();
    signals.emit('SIGHUP');
    signals.emit('SIGTERM');
    expect(await code).toBe(0);
  });
});
