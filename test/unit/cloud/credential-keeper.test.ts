import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CredentialKeeper, type LoadCredentials } from '../../../src/cloud/credential-keeper.ts';

let load: ReturnType<typeof vi.fn<LoadCredentials>>;
let keeper: CredentialKeeper;

beforeEach(() => {
  vi.useFakeTimers();
  load = vi.fn<LoadCredentials>(async () => ({ expiration: new Date(Date.now() + 3_600_000) }));
  keeper = new CredentialKeeper(load);
});
afterEach(() => {
  keeper.close();
  vi.useRealTimers();
});

it('does nothing before it is started', async () => {
  await vi.advanceTimersByTimeAsync(60_000);
  expect(load).not.toHaveBeenCalled();
  expect(keeper.state()).toEqual({ status: 'loading' });
});

it('loads credentials at the start and looks again regularly', async () => {
  keeper.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(keeper.state()).toMatchObject({ status: 'valid' });
  await vi.advanceTimersByTimeAsync(90_000);
  expect(load).toHaveBeenCalledTimes(4);
});

it('says why there are none, tries every two seconds, and recovers', async () => {
  load.mockRejectedValue(new Error('Could not load credentials from any providers'));
  keeper.start();
  await vi.advanceTimersByTimeAsync(10_000);
  const state = keeper.state();
  expect(state.status === 'missing' && state.reason).toContain(
    'Could not load credentials from any providers',
  );
  expect(load).toHaveBeenCalledTimes(6);
  load.mockResolvedValue({});
  await vi.advanceTimersByTimeAsync(2_000);
  expect(keeper.state()).toEqual({ status: 'valid', expiresAtMs: null });
});

it('keeps credentials that are still valid when new ones cannot be loaded, until they expire', async () => {
  keeper.start();
  await vi.advanceTimersByTimeAsync(0);
  load.mockRejectedValue(new Error('metadata service gone'));
  await vi.advanceTimersByTimeAsync(3_500_000);
  expect(keeper.state().status).toBe('valid');
  await vi.advanceTimersByTimeAsync(200_000);
  expect(keeper.state().status).toBe('missing');
});

it('forces a renewal when the service refused them, at most once in ten seconds', async () => {
  keeper.start();
  await vi.advanceTimersByTimeAsync(0);
  load.mockClear();
  keeper.renew();
  keeper.renew();
  expect(load.mock.calls).toEqual([[{ forceRefresh: true }]]);
  await vi.advanceTimersByTimeAsync(10_000);
  keeper.renew();
  expect(load).toHaveBeenCalledTimes(2);
});

it('stops when closed', async () => {
  keeper.start();
  await vi.advanceTimersByTimeAsync(0);
  keeper.close();
  load.mockClear();
  keeper.renew();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(load).not.toHaveBeenCalled();
});
