import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { doctorJson, reportText, summaryText } from '../../../src/cli/doctor-text.ts';
import { type Check, type Finding, failure, needs, ok, warning } from '../../../src/doctor/check.ts';
import { DoctorContext } from '../../../src/doctor/doctor-context.ts';
import { exitCodeOf, type Report, runChecks } from '../../../src/doctor/run-checks.ts';
import { waitUntilFit } from '../../../src/doctor/wait-until-fit.ts';

const options = {
  source: '/nowhere/eipkeeper.yaml',
  version: '0',
  environment: {},
  connect: () => Promise.reject(new Error('no daemon here')),
};
const context = new DoctorContext({ ...options, waiting: false, signal: new AbortController().signal });
const check = (name: string, look: () => Promise<readonly Finding[]>): Check => ({ name, look });

describe('the checks of the doctor', () => {
  it('run side by side and are told of in their order', async () => {
    const begun: string[] = [];
    const told: string[] = [];
    const slow = check('slow', async () => {
      begun.push('slow');
      while (!begun.includes('quick')) await sleep(1);
      return [ok('late')];
    });
    const quick = check('quick', async () => {
      begun.push('quick');
      return [ok('early')];
    });
    await runChecks([slow, quick], context, ({ check: name }) => told.push(name));
    expect(told).toEqual(['slow', 'quick']);
  });

  it('that hang are given up, told to stop, and called a failure', async () => {
    let given = new AbortController().signal;
    const hanging: Check = {
      name: 'hanging',
      look: (_context, signal) => {
        given = signal;
        return new Promise(() => {});
      },
    };
    const reports = await runChecks([hanging, check('fine', async () => [ok('')])], context, () => {}, 20);
    expect(reports[0]?.findings[0]).toMatchObject({ verdict: 'failure' });
    expect(reports[1]?.findings[0]).toEqual(ok(''));
    expect(given.aborted).toBe(true);
  });

  it('that need what another reports on say so, and are no failure of their own', async () => {
    const broken = check('broken', () => Promise.reject(new Error('the disk burns')));
    const needing = check('needing', async () => [
      ok(await needs('the configuration', Promise.reject(new Error('x')))),
    ]);
    const [first, second] = await runChecks([broken, needing], context);
    expect(first?.findings[0]).toMatchObject({ verdict: 'failure', text: 'not known: the disk burns' });
    expect(second?.findings[0]).toMatchObject({
      verdict: 'warning',
      text: 'not looked at, for want of the configuration',
    });
  });

  it('end with the exit code of the first failure, and with 0 when there are only warnings', () => {
    const reports: Report[] = [
      { check: 'a', findings: [ok('fine'), warning('odd', 'look')] },
      { check: 'b', findings: [failure('no role', 'give it one', 77), failure('wrong', 'correct it', 78)] },
    ];
    expect(exitCodeOf(reports)).toBe(77);
    expect(exitCodeOf(reports.slice(0, 1))).toBe(0);
    expect(summaryText(reports)).toBe('2 failures, 1 warning; begin with b: no role\n');
    expect(doctorJson(reports, 77)).toMatchObject({
      version: 1,
      exitCode: 77,
      findings: [{ check: 'a', verdict: 'ok', text: 'fine', advice: '' }, {}, { verdict: 'failure' }, {}],
    });
  });

  it('are printed without what a terminal would obey', () => {
    const text = reportText({ check: 'a', findings: [warning('\u001b[2Jgone', 'first\nsecond')] });
    expect(text).not.toContain('\u001b');
    expect(text.split('\n')).toHaveLength(4);
  });
});

describe('waiting for a node that is fit', () => {
  it('looks again until nothing is a failure, and says once what it waits for', async () => {
    let looks = 0;
    const mending = check('mending', async () => {
      looks += 1;
      return [looks < 2 ? failure('broken', 'wait') : ok('whole')];
    });
    const said: string[][] = [];
    const signal = new AbortController().signal;
    const onProblems = (problems: readonly string[]) => said.push([...problems]);
    const reports = await waitUntilFit({ checks: [mending], options, signal, onProblems });
    expect(reports[0]?.findings[0]).toEqual(ok('whole'));
    expect(said).toEqual([['mending: broken']]);
  });

  it('gives what it saw last when its time is over', async () => {
    const abort = new AbortController();
    const broken = check('broken', async () => [failure('still', 'wait')]);
    const onProblems = () => abort.abort();
    const reports = await waitUntilFit({ checks: [broken], options, signal: abort.signal, onProblems });
    expect(reports[0]?.findings[0]).toMatchObject({ verdict: 'failure', text: 'still' });
  });
});
