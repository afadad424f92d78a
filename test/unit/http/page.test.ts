import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { TermReason } from '../../../src/core/types.ts';

const REASONS: Readonly<Record<TermReason, true>> = {
  first: true,
  takeover: true,
  defence: true,
  switchover: true,
  members: true,
  revoke: true,
  forced: true,
  adopt: true,
  acting: true,
};

it('has a word for every reason of a term', () => {
  const script = readFileSync(new URL('../../../src/http/page/timeline.js', import.meta.url), 'utf8');
  const lacking = Object.keys(REASONS).filter((reason) => !script.includes(`\n  ${reason}: '`));
  expect(lacking).toEqual([]);
});
