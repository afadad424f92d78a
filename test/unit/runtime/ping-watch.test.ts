import { afterEach, describe, expect, it } from 'vitest';
import type { PingNode } from '../../../src/config/ping-schema.ts';
import type { Reach } from '../../../src/core/message.ts';
import type { PingAnswer } from '../../../src/runtime/ping-probe.ts';
import { PingWatch } from '../../../src/runtime/ping-watch.ts';

const GATEWAY: PingNode = { kind: 'icmp', address: '10.0.0.1' };
const SHOP: PingNode = { kind: 'tcp', host: '10.0.0.2', port: 443 };

let watch: PingWatch;
afterEach(() => watch.close());

function watching() {
  const told: (Reach | null)[] = [];
  const said: string[] = [];
  const answers = new Map<PingNode, PingAnswer>();
  watch = new PingWatch({
    probe: async (node) => answers.get(node) ?? 'reached',
    onReach: (reach) => told.push(reach),
    log: { warn: (text) => said.push(text), info: (text) => said.push(text) },
  });
  return { told, said, answers };
}

const looks = async (count: number) => {
  for (let i = 0; i < count; i++) await watch.look();
};
/** The first look of `use` runs by itself. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the watch over ping nodes', () => {
  it('counts those that answer', async () => {
    const { told } = watching();
    watch.use([GATEWAY, SHOP]);
    await settle();
    await looks(1);
    expect(told.at(-1)).toEqual({ reached: 2, of: 2 });
  });

  it('takes one for lost after three misses, and back at once', async () => {
    const { told, said, answers } = watching();
    watch.use([GATEWAY, SHOP]);
    await settle();
    answers.set(SHOP, 'silent');
    await looks(2);
    expect(told.at(-1)).toEqual({ reached: 2, of: 2 });
    await looks(1);
    expect(told.at(-1)).toEqual({ reached: 1, of: 2 });
    answers.set(SHOP, 'reached');
    await looks(1);
    expect(told.at(-1)).toEqual({ reached: 2, of: 2 });
    expect(said).toEqual([
      'the ping node 10.0.0.2:443 does not answer',
      'the ping node 10.0.0.2:443 answers again',
    ]);
  });

  it('has no count while one cannot be asked, and says so once', async () => {
    const { told, said, answers } = watching();
    answers.set(GATEWAY, 'unknown');
    watch.use([GATEWAY, SHOP]);
    await settle();
    await looks(5);
    expect(told).toEqual([]);
    expect(said).toHaveLength(1);
  });

  it('goes on with what it knew of one that cannot be asked any more', async () => {
    const { told, answers } = watching();
    watch.use([GATEWAY]);
    await settle();
    answers.set(GATEWAY, 'unknown');
    await looks(5);
    expect(told.at(-1)).toEqual({ reached: 1, of: 1 });
  });

  it('forgets its count when the list is changed', async () => {
    const { told } = watching();
    watch.use([GATEWAY, SHOP]);
    await settle();
    watch.use([]);
    expect(told.at(-1)).toBeNull();
  });
});
