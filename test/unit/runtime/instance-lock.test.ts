import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { InstanceLock } from '../../../src/runtime/instance-lock.ts';

const cluster = `test-${process.pid}`;

describe('the lock of a node on its machine', () => {
  it('refuses a second daemon and names the first', async () => {
    const first = new InstanceLock(cluster, 'main');
    expect(await first.acquire()).toBe('');
    expect(await new InstanceLock(cluster, 'main').acquire()).toBe(`the process ${process.pid}`);
    first.release();
  });

  it('does not stand in the way of another node on the same machine', async () => {
    const locks = [new InstanceLock(cluster, 'main'), new InstanceLock(cluster, 'aux')];
    for (const lock of locks) expect(await lock.acquire()).toBe('');
    for (const lock of locks) lock.release();
  });

  it('is free again when its holder was killed', async () => {
    const source = new URL('../../../src/runtime/instance-lock.ts', import.meta.url).pathname;
    const code = `const { InstanceLock } = await import('${source}');
      const lock = new InstanceLock('${cluster}', 'main');
      console.log(JSON.stringify(await lock.acquire()));
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const second = new InstanceLock(cluster, 'main');
    expect(await second.acquire()).toBe(`the process ${holder.pid}`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await second.acquire()).toBe('');
    second.release();
  });
});
