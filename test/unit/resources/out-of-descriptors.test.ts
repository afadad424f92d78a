import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const WELL = {
  lives: true,
  reading: true,
  list: 1,
  nginx: 'services-state',
  haproxy: 'services-state',
  program: 'services-state',
  unknownProgram: 'services-state',
  validation: '',
  checked: 'services-state',
  checkedStart: 'services-started',
  wantsDescriptors: false,
  ping: 'silent',
};

/** A process with a low limit of its own, so that nothing else on this machine feels it. */
describe('a daemon without a free descriptor', () => {
  const dir = mkdtempSync(join(tmpdir(), 'descriptors-'));
  let seen: Record<'before' | 'during' | 'after', Record<string, unknown>> &
    Record<'stopped' | 'end', string>;
  beforeAll(async () => {
    const script = join(import.meta.dirname, 'out-of-descriptors.ts');
    const words = ['-c', 'ulimit -n 64 && exec "$@"', 'sh', process.execPath, script, dir];
    seen = JSON.parse((await promisify(execFile)('/bin/sh', words)).stdout);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('does not take a process that it cannot look at for one that has ended', () => {
    expect(seen.during).toMatchObject({ lives: true, reading: 'EMFILE', list: 'EMFILE' });
  });

  it.each(['nginx', 'haproxy', 'program', 'unknownProgram', 'checked'])(
    'does not know how it is about %s, and says nothing else',
    (name) => expect(seen.during[name]).toBe('services-failed'),
  );

  it('does not take a network for silent that it cannot ask', () => {
    expect(seen.during).toMatchObject({ ping: 'unknown', wantsDescriptors: true });
  });

  it('does not say that it has stopped what still runs', () => {
    expect(seen.stopped).toBe('services-failed');
  });

  it('has no fault to find with what could be started, nor with a start that has succeeded', () => {
    expect(seen.during).toMatchObject({ validation: '', checkedStart: 'services-started' });
  });

  it('sees everything before and after', () => {
    expect(seen.before).toEqual(WELL);
    expect(seen.after).toEqual(WELL);
    expect(seen.end).toBe('services-stopped');
  });
});
