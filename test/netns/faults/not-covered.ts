/** The lines of the catalogue that no real daemons are put to, and why. */
export interface NotCovered {
  readonly number: string;
  readonly name: string;
  readonly why: string;
}

/** What the program does not do yet. What exists of these lines is in the catalogue. */
export const NOT_YET: readonly NotCovered[] = [
  {
    number: '36',
    name: 'nodes configured differently: `doctor` warns',
    why: 'held by the tests of the command; that the record wins is covered',
  },
  {
    number: '42',
    name: 'moved to a foreign interface again: the group enters maintenance',
    why: 'it stays where it was put and status says so, which is covered; maintenance would end the care of its services as well',
  },
  {
    number: '48',
    name: 'start fails: threshold',
    why: 'with three attempts here; that `restart` sets them is held by the tests of the monitors',
  },
  {
    number: '49',
    name: 'stop hangs: watchdog',
    why: 'nothing resets the machine: SIGKILL, then the guard, which are covered',
  },
  { number: '60', name: 'mixed versions', why: 'there is one version so far; restarts in turn are covered' },
];

/** Marked (S): faults that real processes cannot be brought to reliably. `npm run simulate` draws them by the thousand. */
export const SIMULATOR_ONLY: readonly string[] = [
  '7',
  '10',
  '13',
  '16',
  '25',
  '30',
  '31',
  '32',
  '35',
  '38',
  '39',
  '40',
  '59',
  '61',
  '67',
];
