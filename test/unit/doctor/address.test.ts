import { expect, it } from 'vitest';
import { borderGroupOf } from '../../../src/doctor/checks/address.ts';

it('knows the border group of an ordinary zone and of a Local Zone', () => {
  expect(borderGroupOf('eu-central-1a')).toBe('eu-central-1');
  expect(borderGroupOf('us-west-2-lax-1a')).toBe('us-west-2-lax-1');
});
