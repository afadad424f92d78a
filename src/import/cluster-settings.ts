import { isIP } from 'node:net';
import { DIRECTIVES } from './directives.ts';
import { type HaCfLine, parseHeartbeatBoolean, parseHeartbeatTime, quoted } from './ha-cf.ts';
import { ImportError, type ImportProblem } from './import-error.ts';
import type { Remark } from './remark.ts';

/** A value with the line that it came from. */
export interface Written<T> {
  readonly value: T;
  readonly line: HaCfLine;
}

/** A ucast line: to whom, over which interface, and to which port. */
export interface Medium {
  readonly device: string;
  readonly address: string;
  readonly port: number;
  readonly line: HaCfLine;
}

export const TIMES = ['keepalive', 'warntime', 'deadtime', 'initdead'] as const;
export type TimeName = (typeof TIMES)[number];

/** What one ha.cf says, as far as there is a place for it. */
export interface ClusterSettings {
  /** In lower case, as Heartbeat compares names. */
  readonly nodes: readonly Written<string>[];
  readonly media: readonly Medium[];
  /** bcast, mcast and serial: they name no peer. */
  readonly withoutPeer: readonly HaCfLine[];
  readonly times: Readonly<Partial<Record<TimeName, Written<number>>>>;
  /** null: not written, which is "legacy". */
  readonly failback: Written<'auto' | 'manual'> | null;
  readonly ping: readonly Written<string>[];
  readonly ipfail: HaCfLine | null;
  readonly cluster: HaCfLine | null;
  readonly debug: HaCfLine | null;
  readonly udpport: HaCfLine | null;
  readonly remarks: readonly Remark[];
}

/** The port of "ha-cluster". */
export const HEARTBEAT_PORT = 694;
const LONGEST_MS = 86_400_000;

/** Throws ImportError with every value that means nothing. */
export function readClusterSettings(lines: readonly HaCfLine[]): ClusterSettings {
  const reader = new Reader(lines);
  for (const line of lines) reader.read(line);
  return reader.result();
}

class Reader {
  readonly #lines: readonly HaCfLine[];
  readonly #problems: ImportProblem[] = [];
  readonly #remarks: Remark[] = [];
  readonly #nodes: Written<string>[] = [];
  readonly #media: Medium[] = [];
  readonly #withoutPeer: HaCfLine[] = [];
  readonly #times: Partial<Record<TimeName, Written<number>>> = {};
  readonly #ping: Written<string>[] = [];
  #failback: Written<'auto' | 'manual'> | null = null;
  #ipfail: HaCfLine | null = null;
  #port: Written<number> | null = null;

  constructor(lines: readonly HaCfLine[]) {
    this.#lines = lines;
  }

  read(line: HaCfLine): void {
    switch (line.directive) {
      case 'node':
        for (const name of line.values) this.#node(name.toLowerCase(), line);
        return;
      case 'udpport':
        this.#udpport(line);
        return;
      case 'ucast':
      case 'ucast6':
        this.#ucast(line);
        return;
      case 'keepalive':
      case 'warntime':
      case 'deadtime':
      case 'initdead':
        this.#time(line.directive, line);
        return;
      case 'auto_failback':
      case 'nice_failback':
        this.#failbackOf(line);
        return;
      case 'ping':
      case 'ping6':
        for (const value of line.values) this.#ping.push({ value, line });
        return;
      case 'ping_group':
        this.#pingGroup(line);
        return;
      case 'respawn':
        this.#respawn(line);
        return;
      case 'crm':
      case 'pacemaker':
        this.#pacemaker(line);
        return;
      case 'debug':
      case 'cluster':
        return;
      default:
        this.#other(line);
    }
  }

  result(): ClusterSettings {
    if (this.#nodes.length < 2) {
      const count = this.#nodes.length === 0 ? 'no node' : 'only one node';
      const place = { file: this.#lines[0]?.place.file ?? 'ha.cf', line: null };
      this.#problems.push({ place, message: `names ${count}; a cluster has at least two` });
    }
    if (this.#problems.length > 0) throw new ImportError(this.#problems);
    const only = (directive: string) => this.#lines.find((line) => line.directive === directive) ?? null;
    return {
      nodes: this.#nodes,
      media: this.#media,
      withoutPeer: this.#withoutPeer,
      times: this.#times,
      failback: this.#failback,
      ping: this.#ping,
      ipfail: this.#ipfail,
      cluster: only('cluster'),
      debug: only('debug'),
      udpport: this.#port?.line ?? null,
      remarks: this.#remarks,
    };
  }

  #refuse(line: HaCfLine, message: string): void {
    this.#problems.push({ place: line.place, message });
  }

  #leaveOut(line: HaCfLine, reason: string): void {
    this.#remarks.push({ kind: 'left-out', place: line.place, text: `${quoted(line.text)}: ${reason}` });
  }

  #node(name: string, line: HaCfLine): void {
    const before = this.#nodes.find((node) => node.value === name);
    if (before === undefined) this.#nodes.push({ value: name, line });
    else this.#refuse(line, `node ${quoted(name)} is named in line ${before.line.place.line} already`);
  }

  /** Every udpport is for the media that follow, so it may differ from line to line. */
  #udpport(line: HaCfLine): void {
    const text = line.values[0] ?? '';
    const port = Number(text);
    if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
      this.#refuse(line, `${quoted(line.text)} is no port`);
      return;
    }
    const media = [...this.#media.map((medium) => medium.line), ...this.#withoutPeer];
    const early = media.filter(({ directive }) => directive !== 'serial');
    if (early[0] !== undefined && port !== HEARTBEAT_PORT) {
      const text = `${quoted(line.text)} stands after ${early[0].directive} in line ${early[0].place.line}, so Heartbeat used ${HEARTBEAT_PORT} there`;
      this.#remarks.push({ kind: 'check', place: line.place, text });
    }
    this.#port = { value: port, line };
  }

  #ucast(line: HaCfLine): void {
    const [device = '', address = '', ...more] = line.values;
    if (address === '' || more.length > 0) {
      this.#refuse(line, `${quoted(line.text)} must be an interface and one address`);
      return;
    }
    this.#media.push({ device, address, port: this.#port?.value ?? HEARTBEAT_PORT, line });
  }

  #time(name: TimeName, line: HaCfLine): void {
    const ms = parseHeartbeatTime(line.values[0] ?? '');
    if (ms === null)
      this.#refuse(line, `${quoted(line.text)} is no time: 2 is two seconds, 500ms half a second`);
    else if (ms > LONGEST_MS) this.#refuse(line, `${quoted(line.text)} is longer than a day`);
    else this.#times[name] = { value: ms, line };
  }

  #failbackOf(line: HaCfLine): void {
    const word = line.values[0] ?? '';
    const isLegacy = line.directive === 'auto_failback' && word.toLowerCase() === 'legacy';
    const truth = isLegacy || parseHeartbeatBoolean(word);
    if (truth === null) {
      this.#refuse(
        line,
        `${quoted(line.text)} must be on, off${line.directive === 'auto_failback' ? ' or legacy' : ''}`,
      );
      return;
    }
    const isAuto = line.directive === 'auto_failback' ? truth : !truth;
    const value = isAuto ? 'auto' : 'manual';
    if (this.#failback !== null && this.#failback.value !== value) {
      this.#refuse(
        line,
        `${quoted(line.text)} contradicts ${quoted(this.#failback.line.text)} in line ${this.#failback.line.place.line}`,
      );
      return;
    }
    this.#failback = { value, line };
    if (!isLegacy) return;
    const text = `${quoted(line.text)}: as on; no node of another version has to be minded`;
    this.#remarks.push({ kind: 'changed', place: line.place, text });
  }

  #pingGroup(line: HaCfLine): void {
    const [, ...members] = line.values;
    if (members.length === 0) this.#refuse(line, `${quoted(line.text)} must be a name and addresses`);
    for (const value of members) this.#ping.push({ value, line });
    if (members.length < 2) return;
    const text = `${quoted(line.text)}: each member counts by itself, so a node that reaches fewer of them hands over; keep one of them to have it as it was`;
    this.#remarks.push({ kind: 'changed', place: line.place, text });
  }

  #respawn(line: HaCfLine): void {
    const program = line.values[1] ?? '';
    if (program === '') this.#refuse(line, `${quoted(line.text)} must be a user and a program`);
    else if (/(^|\/)ipfail$/.test(program)) this.#ipfail = line;
    else this.#leaveOut(line, 'make a systemd unit of the program');
  }

  #pacemaker(line: HaCfLine): void {
    const word = line.values[0] ?? '';
    const isOn =
      parseHeartbeatBoolean(word) ?? (['respawn', 'manual'].includes(word.toLowerCase()) ? true : null);
    if (isOn === null) this.#refuse(line, `${quoted(line.text)} must be off, on or respawn`);
    if (isOn !== true) return;
    this.#refuse(
      line,
      `${quoted(line.text)}: the resources are in Pacemaker, and haresources is not used; write the groups by hand (docs/migration.md), or import a copy without this line if haresources is right`,
    );
  }

  #other(line: HaCfLine): void {
    const { treatment, becomes } = DIRECTIVES[line.directive] ?? { treatment: 'lost', becomes: '' };
    if (treatment === 'refused') this.#withoutPeer.push(line);
    else this.#leaveOut(line, becomes);
  }
}

/** The ping nodes that can be asked: addresses, since heartbeats must not depend on DNS. */
export const canBeAsked = (address: string): boolean => isIP(address) !== 0;
