import { beforeEach } from 'vitest';
import type { SystemdMachine } from '../../support/systemd-machine.ts';

/** Whatever a test fails by, its time too: prints the newest entries of the machines' journals while they are there. */
export function tellLastWords(machines: () => ReadonlyMap<string, SystemdMachine>): void {
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      for (const [name, machine] of machines()) console.error(`--- ${name}\n${await machine.lastWords()}`);
    }, 100_000);
  });
}
