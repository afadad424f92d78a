import type { AtBoot, CallLimits, Oddity } from './resource-adapter.ts';
import { readUnit, type UnitAnswer } from './systemd-unit.ts';

/** Packages enable their unit. At boot it would then run beside a leader, and be stopped a little later. */
export async function bootOddities(
  unit: string | null,
  atBoot: AtBoot,
  limits: CallLimits,
): Promise<readonly Oddity[]> {
  if (unit === null || atBoot === 'welcome') return [];
  return enabledOddities(unit, await readUnit(unit, limits));
}

export function enabledOddities(unit: string, answer: UnitAnswer): readonly Oddity[] {
  if (answer.kind !== 'known' || answer.unit.file !== 'enabled') return [];
  const text = `${unit} is enabled, so it starts at boot on every node, leader or not`;
  return [{ text, advice: `systemctl disable ${unit}` }];
}
