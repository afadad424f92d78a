import { describe, expect, it } from 'vitest';
import { SdNotify } from '../../../src/observability/sd-notify.ts';

function machine(environment: Record<string, string>) {
  const said: string[][] = [];
  const time = { nowMs: 0 };
  const notify = new SdNotify({
    environment,
    nowMs: () => time.nowMs,
    run: async (command) => said.push(command.slice(1)),
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { said, time, notify, settled };
}

/** A systemd that takes its time: each message is heard when the test says so. */
function slowMachine() {
  const said: string[][] = [];
  const unheard: (() => void)[] = [];
  const time = { nowMs: 0 };
  const notify = new SdNotify({
    environment: { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '9000000' },
    nowMs: () => time.nowMs,
    run: (command) => {
      said.push(command.slice(1));
      return new Promise<void>((resolve) => unheard.push(resolve));
    },
  });
  const heard = async () => {
    unheard.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { said, time, notify, heard };
}

describe('word to systemd', () => {
  it('is not given where systemd did not ask for it', async () => {
    const { notify, said, settled } = machine({ WATCHDOG_USEC: '3000000' });
    notify.ready('leader main');
    notify.turnCompleted();
    await settled();
    expect(said).toEqual([]);
  });

  it('keeps its order', async () => {
    const { notify, said, settled, time } = machine({ NOTIFY_SOCKET: '/run/notify' });
    notify.waiting('waits');
    notify.ready('starting');
    time.nowMs = 12.5;
    notify.reloading();
    notify.stopping();
    await settled();
    expect(said).toEqual([
      ['EXTEND_TIMEOUT_USEC=60000000', 'STATUS=waits'],
      ['READY=1', 'STATUS=starting'],
      ['RELOADING=1', 'MONOTONIC_USEC=12500'],
      ['STOPPING=1'],
    ]);
  });

  it('tells the time of a reload as the whole machine counts it, not since the start of this process', async () => {
    const said: string[] = [];
    const notify = new SdNotify({
      environment: { NOTIFY_SOCKET: '/x' },
      run: async (command) => said.push(...command),
    });
    const beforeUs = Number(process.hrtime.bigint() / 1000n);
    notify.reloading();
    await notify.settled();
    const toldUs = Number(said.find((word) => word.startsWith('MONOTONIC_USEC='))?.split('=')[1]);
    expect(toldUs).toBeGreaterThanOrEqual(beforeUs);
    expect(toldUs).toBeLessThanOrEqual(Number(process.hrtime.bigint() / 1000n) + 1);
  });

  it('feeds the watchdog after completed turns, three times in its time at most', async () => {
    const { notify, said, settled, time } = machine({ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '3000000' });
    for (time.nowMs = 0; time.nowMs < 3000; time.nowMs += 100) {
      notify.turnCompleted();
      await settled();
    }
    expect(said).toEqual([['WATCHDOG=1'], ['WATCHDOG=1'], ['WATCHDOG=1']]);
  });

  it('does not feed a watchdog that is not set', async () => {
    const { notify, said, settled } = machine({ NOTIFY_SOCKET: '/x' });
    notify.turnCompleted();
    await settled();
    expect(said).toEqual([]);
  });

  it('goes on when the program that says it is missing', async () => {
    const notify = new SdNotify({
      environment: { NOTIFY_SOCKET: '/x' },
      run: () => Promise.reject(new Error('ENOENT')),
    });
    notify.ready('x');
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('keeps the watchdog waiting for one message at most, however many groups change', async () => {
    const { notify, said, heard, time } = slowMachine();
    notify.reloading();
    notify.reloaded();
    for (const group of ['web', 'mail', 'files']) notify.status(`${group}: leader main`);
    notify.turnCompleted();
    await heard();
    expect(said).toEqual([
      ['RELOADING=1', 'MONOTONIC_USEC=0'],
      ['READY=1', 'STATUS=files: leader main', 'WATCHDOG=1'],
    ]);
    time.nowMs = 3000;
    notify.turnCompleted();
    notify.status('web: serving');
    notify.status('mail: serving');
    await heard();
    expect(said.slice(2)).toEqual([['STATUS=mail: serving', 'WATCHDOG=1']]);
    await heard();
    expect(said).toHaveLength(3);
  });

  it('is fed at its next time while a message hangs, and once, not for every turn', async () => {
    const { notify, said, heard, time } = slowMachine();
    notify.turnCompleted();
    for (time.nowMs = 0; time.nowMs < 9000; time.nowMs += 100) notify.turnCompleted();
    await heard();
    await heard();
    expect(said).toEqual([['WATCHDOG=1'], ['WATCHDOG=1']]);
  });

  it('has settled with the last status, without the ones that it replaced', async () => {
    const { notify, said, heard } = slowMachine();
    notify.status('main is starting');
    for (const group of ['web', 'mail', 'files']) notify.status(`${group}: leader aux`);
    notify.status('left');
    notify.stopping();
    const settled = notify.settled();
    await heard();
    await heard();
    await settled;
    expect(said).toEqual([['STATUS=main is starting'], ['STOPPING=1', 'STATUS=left']]);
  });
});
