import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoopbackCluster, runCommand, UNHURRIED } from '../support/loopback-cluster.ts';

vi.setConfig({ ...UNHURRIED, testTimeout: 180_000 });
const WAIT = { timeout: 60_000, interval: 100 };

let cluster: LoopbackCluster;
beforeEach(async () => {
  cluster = new LoopbackCluster();
  await cluster.start();
});
afterEach(() => cluster.close());

describe('eipkeeper drill', () => {
  it('moves there and back, and reports; is refused when a node could not lead', async () => {
    await cluster.startServing();
    await expect.poll(async () => (await cluster.main.command('status', '--ready')).code, WAIT).toBe(0);
    const { code, output } = await cluster.main.command('drill', '--output', 'json');
    const report = JSON.parse(output);
    expect(report).toMatchObject({
      group: 'web',
      leader: 'main',
      reason: '',
      exitCode: 0,
      moves: [
        { from: 'main', to: 'aux', phases: null, problems: [] },
        { from: 'aux', to: 'main', problems: [] },
      ],
    });
    expect(report.moves[1].phases).toMatchObject({ claimMs: expect.any(Number) });
    expect(code).toBe(0);
    expect(cluster.holder()).toBe('main');
    expect(cluster.moves()).toBe(3);

    await cluster.aux.ended('SIGKILL');
    await cluster.main.says(/aux has been silent/);
    const refused = await cluster.main.command('drill');
    expect(refused.output).toMatch(/nothing was moved: aux could not lead: /);
    expect(refused.code).toBe(107);
    const ready = await cluster.main.command('status', '--ready');
    expect(ready.output).toMatch(/web: main is ready\nweb: aux could not lead: /);
    expect(ready.code).toBe(1);
    expect(cluster.moves()).toBe(3);
  });
});

describe('eipkeeper destroy', () => {
  const names = () => cluster.aws.parameters.list('/', true, 0).map(({ name }) => name);

  it('removes what the cluster made, when no daemon runs, and nothing else', async () => {
    await cluster.startServing();
    const prefix = `/eipkeeper/${cluster.main.file.cluster}`;
    const put = (name: string, value: string) =>
      cluster.aws.parameters.put({ name, value, type: 'String', overwrite: false });
    const others = [
      `${prefix}/config`,
      `${prefix}/web/term/notes`,
      `${prefix}/web/term/99`,
      `${prefix}2/web/term/1`,
    ];
    for (const name of others) put(name, 'mine');
    put(`${prefix}/web/term/doctor-0123abcd`, 'A probe of "eipkeeper doctor": delete it.');
    const own = names().filter((name) => !others.includes(name));
    expect(own).toContain(`${prefix}/web/term/1`);

    const shown = await cluster.main.command('destroy');
    expect(shown.output).toContain(`${prefix}/web/term/1\n`);
    expect(shown.output).toContain(`${prefix}/web/term/99  (stays: not made by the daemons)`);
    expect(shown.output).toContain(`nothing was deleted; --yes deletes ${own.length}`);
    const refused = await cluster.main.command('destroy', '--yes');
    expect(refused.output).toContain('nothing was deleted: eipkeeper runs on main and aux');
    expect(refused.code).toBe(107);

    await cluster.main.ended('SIGKILL');
    const peer = await cluster.main.command('destroy', '--yes');
    expect(peer.output).toContain('nothing was deleted: eipkeeper runs on aux');
    await cluster.aux.ended('SIGKILL');
    expect(names()).toEqual(expect.arrayContaining([...own, ...others]));
    const elsewhere = await runCommand(['destroy', '--yes', '--prefix', prefix], {
      ...cluster.aws.environmentOf('stranger'),
    });
    expect(elsewhere.code).toBe(107);

    const done = await cluster.main.command('destroy', '--yes', '--output', 'json');
    expect(done.code).toBe(0);
    expect(JSON.parse(done.output).deleted).toBeGreaterThanOrEqual(own.length);
    expect(names().toSorted()).toEqual(others.toSorted());
  });
});
