import { describe, expect, it } from 'vitest';
import { CATEGORIES, hookSchema } from '../../../src/config/hook-schema.ts';

const problem = (hook: unknown): string => {
  const result = hookSchema.safeParse(hook);
  return result.success ? '' : result.error.issues.map(({ message }) => message).join('; ');
};

describe('an entry of notify', () => {
  it('hears of everything and has ten seconds, unless it says otherwise', () => {
    expect(hookSchema.parse({ url: 'https://hooks.example.net/x' })).toEqual({
      url: 'https://hooks.example.net/x',
      command: null,
      events: CATEGORIES,
      timeoutMs: 10_000,
    });
  });

  it.each<[unknown, RegExp]>([
    [{}, /exactly one of the two/],
    [{ url: 'https://a.example', command: ['/bin/true'] }, /exactly one of the two/],
    [{ url: 'ftp://a.example' }, /must be a URL/],
    [{ command: 'mail root' }, /no shell reads it/],
    [{ command: ['mail', 'root'] }, /absolute path/],
    [{ url: 'https://a.example', events: [] }, /at least one/],
    [{ url: 'https://a.example', timeout: '2m' }, /at most 60s/],
  ])('%j is refused, saying what is wrong', (hook, message) => {
    expect(problem(hook)).toMatch(message);
  });
});
