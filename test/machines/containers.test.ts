import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { ADDRESS_PORT, CLOUD } from '../../docker/demo/plan.ts';
import { describeWhere } from '../support/describe-where.ts';
import { missingForSystemd } from '../support/systemd-machine.ts';
import { RunningComposition } from './support/composition.ts';
import { buildImages, removeImages } from './support/images.ts';

const CONTAINERS_TAKE_MS = 180_000;
const WAIT = { timeout: 90_000, interval: 200 };

/** The images of docker/Dockerfile as compose.yaml puts them together, on podman. */
describeWhere(
  missingForSystemd(),
  'the demo in containers',
  () => {
    const demo = new RunningComposition();
    beforeAll(async () => demo.start(await buildImages(inject('packages').executable)), 600_000);
    afterAll(async () => {
      await demo.end();
      await removeImages();
    }, 60_000);

    const answersAs = (name: string) =>
      vi.waitFor(async () => {
        const signal = AbortSignal.timeout(2_000);
        const answer = await fetch(`http://${CLOUD}:${ADDRESS_PORT}/`, { signal });
        await answer.text();
        expect(answer.headers.get('x-whom')).toBe(name);
      }, WAIT);
    const isHealthy = (name: string) => vi.waitFor(() => demo.podman(['healthcheck', 'run'], name), WAIT);

    it('serves at the address from main, and both nodes are healthy', async () => {
      await answersAs('main');
      for (const name of ['main', 'aux']) await isHealthy(name);
    });

    it('runs daemon and nginx without root', async () => {
      const owners = await demo.podman(['exec'], 'main', 'sh', '-c', 'stat -c %u /proc/[0-9]*/exe');
      expect([...new Set(owners.split('\n'))]).toEqual(['9694']);
    });

    it('has nothing to complain of but that no systemd is there', async () => {
      const report = await demo.podman(['exec'], 'main', 'eipkeeper', 'doctor');
      expect(report).toMatch(/^no failures, 1 warning$/m);
      expect(report).toMatch(/^WARNING +unit /m);
    });

    it('goes on from aux when main is killed, and the client says so', async () => {
      await demo.podman(['kill'], 'main');
      await answersAs('aux');
      await vi.waitFor(
        async () => expect(await demo.podman(['logs'], 'client')).toMatch(/X-Whom: aux, after \d+ ms/),
        WAIT,
      );
      await isHealthy('aux');
    });

    it('goes back to main when it is started again', async () => {
      await demo.podman(['start'], 'main');
      await answersAs('main');
      await isHealthy('main');
    });

    it('hands over when main is stopped in an orderly way', async () => {
      await demo.podman(['stop', '--time', '75'], 'main');
      await answersAs('aux');
      expect(await demo.podman(['logs'], 'aux')).toMatch(/\(switchover: [^)]*\)/);
    });
  },
  CONTAINERS_TAKE_MS,
);
