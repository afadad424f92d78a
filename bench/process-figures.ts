import { readFileSync } from 'node:fs';

const MB = 1024 * 1024;
/** The unit of the times in /proc/<pid>/stat: USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Memory {
  readonly rssMb: number;
  /** Pages shared with other processes counted by share: what would be freed if it ended. */
  readonly pssMb: number;
  /** Its own and written to: what the machine must really have for it. The rest is read from files, and shared. */
  readonly dirtyMb: number;
}

export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (name: string) =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1]) * 1024) / MB;
  return { rssMb: mb('Rss'), pssMb: mb('Pss'), dirtyMb: mb('Private_Dirty') };
}

/** CPU seconds so far: of the process itself, and of the children that have ended (`nginx -t` and the like). */
export function cpuSecondsOf(pid: number): { readonly own: number; readonly children: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The program's name stands in brackets and may hold spaces: fields are counted from behind it.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return { own: (user + system) / TICKS_PER_SECOND, children: (childUser + childSystem) / TICKS_PER_SECOND };
}

export interface Traffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly datagramsSent: number;
}

/** What went over eth0 and by UDP in the network namespace of this process. */
export function trafficOf(pid: number): Traffic {
  const device = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
    .split('\n')
    .find((line) => line.trim().startsWith('eth0:'));
  const fields =
    device
      ?.slice(device.indexOf(':') + 1)
      .trim()
      .split(/\s+/)
      .map(Number) ?? [];
  return {
    receivedBytes: fields[0] ?? 0,
    sentBytes: fields[8] ?? 0,
    datagramsSent: datagramsSentIn(readFileSync(`/proc/${pid}/net/snmp`, 'utf8')),
  };
}

/** From the text of /proc/net/snmp. */
export function datagramsSentIn(snmp: string): number {
  const [names, values] = snmp.split('\n').filter((line) => line.startsWith('Udp: '));
  const index = names?.split(' ').indexOf('OutDatagrams') ?? -1;
  const sent = Number(values?.split(' ')[index]);
  if (index < 0 || Number.isNaN(sent)) throw new Error('/proc/net/snmp has no count of sent datagrams');
  return sent;
}
