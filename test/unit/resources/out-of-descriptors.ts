import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckedResource } from '../../../src/resources/checked-resource.ts';
import { createChecks } from '../../../src/resources/checks.ts';
import { Haproxy } from '../../../src/resources/haproxy.ts';
import { Nginx } from '../../../src/resources/nginx.ts';
import { wantsDescriptors } from '../../../src/resources/own-trouble.ts';
import { findProcesses, livesNow, readProcess } from '../../../src/resources/process-table.ts';
import { type ResourceAdapter, RUNNING, STOPPED } from '../../../src/resources/resource-adapter.ts';
import { ResourceChain } from '../../../src/resources/resource-chain.ts';
import { SupervisedProgram } from '../../../src/resources/supervised-program.ts';
import { ping } from '../../../src/runtime/ping-probe.ts';

/** To be run with a low limit of open files: prints what it sees of processes with and without a free descriptor. */
const dir = process.argv[2] ?? '';
const limits = { deadlineMs: 10_000, signal: new AbortController().signal };

const program = () =>
  new SupervisedProgram({
    id: 'web.sleep',
    run: ['/bin/sleep', '60'],
    monitor: [],
    cwd: null,
    env: {},
    startTimeoutMs: 5_000,
    stopTimeoutMs: 5_000,
    monitorTimeoutMs: 5_000,
    runDir: dir,
  });
const config = join(dir, 'server.conf');
writeFileSync(config, `pid ${dir}/server.pid;\n`);
const server = { config, binary: '/bin/true', unit: null, health: null };
const nginx = new Nginx({ ...server, startTimeoutMs: 5_000, stopTimeoutMs: 5_000 });
const haproxy = new Haproxy({ ...server, startTimeoutMs: 5_000, stopTimeoutMs: 5_000 });
const started = program();
/** As after a restart of the daemon. */
const unknown = program();
const runs: ResourceAdapter = {
  name: 'web',
  validate: async () => RUNNING,
  start: async () => RUNNING,
  stop: async () => STOPPED,
  monitor: async () => RUNNING,
};
const checks = { systemd: null, tcp: null, http: null, command: null };
const executable = { pidFile: null, executable: process.execPath };
const checked = new CheckedResource(
  runs,
  createChecks({ ...checks, process: executable }, () => {}),
  5_000,
  () => [],
);

const answerOf = (question: Promise<unknown>): Promise<unknown> =>
  question.catch((error: NodeJS.ErrnoException) => error.code);
const check = (resource: ResourceAdapter) => new ResourceChain([resource]).check(limits);

async function look(): Promise<Record<string, unknown>> {
  return {
    lives: livesNow(self),
    reading: await answerOf(readProcess(process.pid).then((entry) => entry?.pid === process.pid)),
    list: await answerOf(findProcesses(({ pid }) => pid === process.pid).then(({ length }) => length)),
    nginx: (await check(nginx)).type,
    haproxy: (await check(haproxy)).type,
    program: (await check(started)).type,
    unknownProgram: (await check(unknown)).type,
    validation: await new ResourceChain([unknown]).validate(limits),
    checked: (await check(checked)).type,
    wantsDescriptors: await wantsDescriptors(),
    ping: await ping({ kind: 'http', url: 'http://gateway.example/' }, 5_000, limits.signal),
    checkedStart: (await new ResourceChain([checked]).start(limits)).type,
  };
}

function useUpDescriptors(): number[] {
  const used: number[] = [];
  try {
    for (;;) used.push(openSync('/dev/null', 'r'));
  } catch {
    return used;
  }
}

const self = (await readProcess(process.pid))!;
await started.start(limits);
const before = await look();
const used = useUpDescriptors();
const during = await look();
const stopped = (await new ResourceChain([started]).stop(limits)).type;
for (const fd of used) closeSync(fd);
const after = await look();
const end = (await new ResourceChain([started]).stop(limits)).type;
process.stdout.write(JSON.stringify({ before, during, stopped, after, end }));
