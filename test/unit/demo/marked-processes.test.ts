import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { endMarked, MARK, markedProcesses } from '../../../src/demo/cluster/marked-processes.ts';

async function startMarked(mark: string, command: readonly string[]) {
  const child = spawn('/bin/sh', ['-c', ...command], {
    env: { ...process.env, [MARK]: mark },
    stdio: 'ignore',
    detached: true,
  });
  await once(child, 'spawn');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

test('finds and ends what carries the mark, in whatever session it is, and nothing else', async () => {
  const run = `test-${process.pid}`;
  const child = await startMarked(`${run}/main`, ['setsid sleep 60 & setsid sleep 60 & wait']);
  const other = await startMarked(`other-${run}`, ['exec sleep 60']);
  const exited = once(child, 'exit');
  await expect.poll(() => markedProcesses(run).length).toBe(3);
  await endMarked(`${run}/main`);
  await exited;
  expect(markedProcesses(run)).toEqual([]);
  expect(markedProcesses(`other-${run}`)).toEqual([other.pid]);
});
