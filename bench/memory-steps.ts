import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Memory, memoryOf } from './process-figures.ts';

/** What an idle daemon's memory is made of, step by step. */
export interface MemorySteps {
  readonly bareNode: Memory;
  /** The command line loaded: the bundle is read and compiled, the daemon's modules are not run. */
  readonly bundleLoaded: Memory;
  /** The daemon's modules run as well, with the AWS clients' among them; nothing was started or called. */
  readonly daemonLoaded: Memory;
}

const SETTLE_MS = 2_000;
const STAY = 'setInterval(() => {}, 60_000);';

export async function measureMemorySteps(program: string): Promise<MemorySteps> {
  const url = JSON.stringify(pathToFileURL(program).href);
  const loaded = (...args: readonly string[]) =>
    // The program ends its process when it is done; here it must stay.
    `${STAY} process.exit = () => {}; process.argv = ['node', 'eipkeeper', ...${JSON.stringify(args)}]; await import(${url});`;
  return {
    bareNode: await memoryWith(STAY),
    bundleLoaded: await memoryWith(loaded('--version')),
    daemonLoaded: await memoryWith(loaded('run', '--config', '/nonexistent.yaml')),
  };
}

async function memoryWith(script: string): Promise<Memory> {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: 'ignore',
    // Nothing listens on the discard port: no metadata service of this machine is asked.
    env: { PATH: process.env.PATH, AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' },
  });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  try {
    await sleep(SETTLE_MS);
    return memoryOf(child.pid!);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}
