import { describe, expect, it } from 'vitest';
import {
  failedState,
  type ResourceAdapter,
  type ResourceState,
  RUNNING,
  STOPPED,
} from '../../../src/resources/resource-adapter.ts';
import { ResourceChain } from '../../../src/resources/resource-chain.ts';

const limits = { deadlineMs: 1000, signal: new AbortController().signal };
const calls: string[] = [];

function resource(name: string, changes: Partial<ResourceAdapter> = {}): ResourceAdapter {
  const said = async (verb: string, state: ResourceState) => {
    calls.push(`${verb} ${name}`);
    return state;
  };
  return {
    name,
    validate: async () => STOPPED,
    start: () => said('start', RUNNING),
    stop: () => said('stop', STOPPED),
    monitor: async () => RUNNING,
    ...changes,
  };
}

const chain = (...resources: ResourceAdapter[]) => {
  calls.length = 0;
  return new ResourceChain(resources);
};

describe('the chain of a group', () => {
  it('starts left to right and stops right to left', async () => {
    const both = chain(resource('a'), resource('b'));
    expect(await both.start(limits)).toEqual({ type: 'services-started' });
    expect(await both.stop(limits)).toEqual({ type: 'services-stopped' });
    expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('starts nothing right of the first that fails, and names it', async () => {
    const broken = resource('a', { start: async () => failedState('a: port 80 is in use') });
    expect(await chain(broken, resource('b')).start(limits)).toEqual({
      type: 'services-failed',
      reason: 'a: port 80 is in use',
      resource: 0,
    });
    expect(calls).toEqual([]);
  });

  it('stops the others when one cannot be stopped, and says which', async () => {
    const stuck = resource('b', { stop: async () => RUNNING });
    expect(await chain(resource('a'), stuck).stop(limits)).toEqual({
      type: 'services-failed',
      reason: 'b: it still runs after its stop',
    });
    expect(calls).toEqual(['stop a']);
  });

  it('begins no further start once it is called off', async () => {
    const controller = new AbortController();
    const first = resource('a', {
      start: async () => {
        controller.abort();
        return RUNNING;
      },
    });
    const result = await chain(first, resource('b')).start({ ...limits, signal: controller.signal });
    expect(result).toEqual({ type: 'services-failed', reason: 'b: called off before its turn' });
  });

  it('runs only when every resource runs', async () => {
    const stopped = resource('b', { monitor: async () => STOPPED });
    expect(await chain(resource('a'), stopped).check(limits)).toEqual({
      type: 'services-state',
      running: false,
      unwell: { resource: 1, reason: 'b: it does not run' },
    });
    expect(await chain(resource('a')).check(limits)).toEqual({ type: 'services-state', running: true });
    expect(await chain().check(limits)).toEqual({ type: 'services-state', running: true });
  });

  it('does not run while one runs badly, and says why', async () => {
    const ill = resource('a', { monitor: async () => ({ kind: 'unhealthy', reason: 'a: answered 500' }) });
    const unknown = resource('b', { monitor: async () => failedState('b: monitor hung') });
    expect(await chain(unknown, ill).check(limits)).toEqual({
      type: 'services-state',
      running: false,
      unwell: { resource: 1, reason: 'a: answered 500' },
    });
  });

  it('does not know when a monitor could not find out', async () => {
    const unknown = resource('b', { monitor: async () => failedState('b: monitor hung') });
    expect(await chain(resource('a'), unknown).check(limits)).toEqual({
      type: 'services-failed',
      reason: 'b: monitor hung',
    });
  });

  it('takes an adapter that throws for a failed resource', async () => {
    const throwing = resource('a', { monitor: () => Promise.reject(new Error('boom')) });
    expect(await chain(throwing).check(limits)).toEqual({ type: 'services-failed', reason: 'a: boom' });
  });

  it('gives each resource what the ones before it left of the time', async () => {
    let leftMs = 0;
    const slow = resource('a', {
      start: () => new Promise((resolve) => setTimeout(() => resolve(RUNNING), 60)),
    });
    const next = resource('b', {
      start: async ({ deadlineMs }) => {
        leftMs = deadlineMs;
        return RUNNING;
      },
    });
    await chain(slow, next).start(limits);
    expect(leftMs).toBeLessThan(950);
  });

  it('is ineligible with the first reason why a start could not succeed', async () => {
    const broken = resource('b', { validate: async () => failedState('nginx -t failed') });
    expect(await chain(resource('a'), broken).validate(limits)).toBe('nginx -t failed');
    expect(await chain(resource('a')).validate(limits)).toBe('');
  });

  it('calls a validation off before it starts, and takes nothing from it', async () => {
    const order: string[] = [];
    const slow = resource('a', {
      validate: ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            order.push('validation ended');
            resolve(failedState('a: called off'));
          }),
        ),
      start: async () => {
        order.push('started');
        return RUNNING;
      },
    });
    const one = chain(slow);
    const validation = one.validate(limits);
    await one.start(limits);
    expect(await validation).toBe('');
    expect(order).toEqual(['validation ended', 'started']);
  });

  it('validates nothing while it starts', async () => {
    let validated = 0;
    const busy: ResourceChain = chain(
      resource('a', {
        validate: async () => {
          validated += 1;
          return STOPPED;
        },
        start: async () => {
          await busy.validate(limits);
          return RUNNING;
        },
      }),
    );
    await busy.start(limits);
    expect(validated).toBe(0);
  });
});
