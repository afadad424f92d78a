import { access } from 'node:fs/promises';
import { describeOutcome, type ProcessOutcome, runProcess } from './process-runner.ts';
import {
  type CallLimits,
  failedState,
  type Oddity,
  type ResourceAdapter,
  type ResourceState,
  RUNNING,
  STOPPED,
  startBudget,
  unhealthyState,
} from './resource-adapter.ts';

export interface LocalIpOptions {
  readonly address: string;
  /** null: that of the network on the interface. */
  readonly prefix: number | null;
  /** null: the one that has an address in the same network. */
  readonly interface: string | null;
  readonly broadcast: string | null;
  /** How many gratuitous ARP packets, one a second; 0: none. */
  readonly announce: number;
  /** Do not start while somebody else answers for the address. */
  readonly probe: boolean;
}

interface Place {
  readonly interface: string;
  readonly prefix: number;
}

/** As `ip -json address show` lists an interface. */
interface Listed {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly operstate: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

type Answer<T> = { readonly value: T } | { readonly reason: string };

/** Long lists of a machine with many interfaces are read whole. */
const LIST_BYTES = 4_000_000;

/**
 * An address of this machine's own: `ip` of iproute2 configures it, `arping` of iputils tells the neighbours. What
 * is already configured is left as it is, whoever did it, and only announced again.
 */
export class LocalIp implements ResourceAdapter {
  readonly name: string;
  readonly #options: LocalIpOptions;
  #announcing = new AbortController();

  constructor(options: LocalIpOptions) {
    this.name = `local-ip ${options.address}`;
    this.#options = options;
  }

  async validate(limits: CallLimits): Promise<ResourceState> {
    const listed = await this.#list(limits);
    if ('reason' in listed) return failedState(listed.reason);
    const place = this.#placeIn(listed.value);
    if ('reason' in place) return failedState(place.reason);
    const { announce, probe } = this.#options;
    if (announce === 0 && !probe) return STOPPED;
    const version = await runProcess(['arping', '-V'], limits);
    if (version.kind === 'exited' && version.output.includes('iputils')) return STOPPED;
    const missing = `${this.name}: there is no arping of iputils (Debian's package is iputils-arping)`;
    if (probe) return failedState(`${missing}, which the probe needs: install it or leave probe out`);
    const warning = `${missing}: after a move the neighbours find this machine only when they forget the other; install it, or write "announce: 0"`;
    return { kind: 'stopped', warning };
  }

  /** An interface without addresses is not listed, and one that is not there is not either. */
  async oddities(limits: CallLimits): Promise<readonly Oddity[]> {
    const { address, interface: named, prefix } = this.#options;
    const isThere = await access(`/sys/class/net/${named ?? '.'}`).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      const advice = 'correct interface: "ip -brief link" lists those that there are';
      return [{ text: `there is no interface ${named} here`, advice }];
    }
    const listed = await this.#list(limits);
    const place = 'reason' in listed ? listed : this.#placeIn(listed.value);
    if (prefix === null || prefix === 32 || 'reason' in listed || 'reason' in place) return [];
    const near = listed.value
      .find(({ ifname }) => ifname === place.value.interface)
      ?.addr_info.find(({ local, prefixlen }) => local !== address && isInNetwork(address, local, prefixlen));
    if (near === undefined || near.prefixlen === prefix) return [];
    const text = `it is given a network of /${prefix} on ${place.value.interface}, where ${near.local} is in one of /${near.prefixlen}`;
    return [{ text, advice: 'leave prefix and netmask out, or write that of the network' }];
  }

  async start(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(limits);
    const left = (): CallLimits => ({ signal: limits.signal, deadlineMs: budget.remainingMs() });
    const listed = await this.#list(limits);
    if ('reason' in listed) return failedState(listed.reason);
    const place = this.#placeIn(listed.value);
    if ('reason' in place) return failedState(place.reason);
    if (this.#holderIn(listed.value) === undefined) {
      const conflict = await this.#conflict(place.value, left());
      if (conflict !== '') return failedState(conflict);
      const failure = await this.#add(place.value, left());
      if (failure !== '') return failedState(failure);
    }
    this.#announce(place.value);
    return RUNNING;
  }

  async stop(limits: CallLimits): Promise<ResourceState> {
    this.#announcing.abort();
    const listed = await this.#list(limits);
    if ('reason' in listed) return failedState(listed.reason);
    const holder = this.#holderIn(listed.value);
    if (holder === undefined) return STOPPED;
    const where = `${this.#options.address}/${holder.prefix}`;
    const command = ['ip', '-4', 'address', 'del', where, 'dev', holder.interface];
    const outcome = await runProcess(command, limits);
    const after = await this.#list(limits);
    if (!('reason' in after) && this.#holderIn(after.value) === undefined) return STOPPED;
    return failedState(`${this.name}: it is still configured: ${describeOutcome(command, outcome)}`);
  }

  async monitor(limits: CallLimits): Promise<ResourceState> {
    const listed = await this.#list(limits);
    if ('reason' in listed) return failedState(listed.reason);
    const holder = this.#holderIn(listed.value);
    if (holder === undefined) return STOPPED;
    const wanted = this.#options.interface;
    if (wanted !== null && holder.interface !== wanted)
      return unhealthyState(`${this.name}: it is on ${holder.interface}, should be on ${wanted}`);
    return holder.isUp ? RUNNING : unhealthyState(`${this.name}: ${holder.interface} is down`);
  }

  async #list(limits: CallLimits): Promise<Answer<readonly Listed[]>> {
    const command = ['ip', '-json', '-4', 'address', 'show'];
    const outcome = await runProcess(command, { ...limits, maxOutputBytes: LIST_BYTES, keep: 'head' });
    const failure = `${this.name}: the interfaces could not be read: ${describeOutcome(command, outcome)}`;
    if (outcome.kind === 'not-started') return { reason: `${failure}; install iproute2` };
    if (outcome.kind !== 'exited' || outcome.code !== 0) return { reason: failure };
    try {
      return { value: JSON.parse(outcome.output) as readonly Listed[] };
    } catch {
      return { reason: `${this.name}: what "${command.join(' ')}" printed is no JSON: iproute2 is too old` };
    }
  }

  /** Where it should be. */
  #placeIn(listed: readonly Listed[]): Answer<Place> {
    const { address, prefix, interface: named } = this.#options;
    for (const { ifname, addr_info } of listed) {
      if (named !== null && ifname !== named) continue;
      const near = addr_info.find(
        ({ local, prefixlen }) => local !== address && isInNetwork(address, local, prefixlen),
      );
      if (near !== undefined)
        return this.#upright(listed, { interface: ifname, prefix: prefix ?? near.prefixlen });
    }
    // What is there from an earlier start says where it belongs when nothing else does.
    const holder = this.#holderIn(listed);
    if (named === null && holder !== undefined) return { value: holder };
    if (named === null) {
      return { reason: `${this.name}: no interface has an address in its network: name one with interface` };
    }
    if (prefix !== null) return this.#upright(listed, { interface: named, prefix });
    return { reason: `${this.name}: ${named} has no address in its network: give its prefix` };
  }

  #upright(listed: readonly Listed[], place: Place): Answer<Place> {
    const holder = this.#holderIn(listed);
    if (holder !== undefined && holder.interface !== place.interface)
      return {
        reason: `${this.name}: it is on ${holder.interface} already, not on ${place.interface}: remove it there`,
      };
    const found = listed.find(({ ifname }) => ifname === place.interface);
    // Listed are only interfaces with an address; one without is looked at by the kernel when it is given one.
    if (found !== undefined && !isUp(found)) return { reason: `${this.name}: ${place.interface} is down` };
    return { value: place };
  }

  #holderIn(listed: readonly Listed[]): (Place & { readonly isUp: boolean }) | undefined {
    for (const found of listed) {
      const own = found.addr_info.find(({ local }) => local === this.#options.address);
      if (own !== undefined) return { interface: found.ifname, prefix: own.prefixlen, isUp: isUp(found) };
    }
    return undefined;
  }

  async #add(place: Place, limits: CallLimits): Promise<string> {
    const { address, broadcast } = this.#options;
    const extra = broadcast === null ? [] : ['broadcast', broadcast];
    const where = `${address}/${place.prefix}`;
    const command = ['ip', '-4', 'address', 'add', where, ...extra, 'dev', place.interface];
    const outcome = await runProcess(command, limits);
    const isDone = outcome.kind === 'exited' && outcome.code === 0;
    return isDone ? '' : `${this.name}: ${describeOutcome(command, outcome)}`;
  }

  /** '' or who answers: duplicate address detection of RFC 5227. */
  async #conflict(place: Place, limits: CallLimits): Promise<string> {
    if (!this.#options.probe) return '';
    const { address } = this.#options;
    const command = ['arping', '-D', '-c', '2', '-w', '1', '-I', place.interface, address];
    const outcome: ProcessOutcome = await runProcess(command, limits);
    if (outcome.kind === 'exited' && outcome.code === 0) return '';
    if (outcome.kind === 'exited' && outcome.code === 1) {
      return `${this.name}: another machine on ${place.interface} answers for it: ${outcome.output.split('\n')[1] ?? ''}`;
    }
    return `${this.name}: the network could not be asked: ${describeOutcome(command, outcome)}`;
  }

  /** In the background: the first packet leaves at once, and a start that waits for the last would be slow. */
  #announce({ interface: name }: Place): void {
    const { address, announce } = this.#options;
    this.#announcing.abort();
    this.#announcing = new AbortController();
    if (announce === 0) return;
    const command = ['arping', '-q', '-U', '-c', `${announce}`, '-I', name, address];
    void runProcess(command, { deadlineMs: (announce + 5) * 1_000, signal: this.#announcing.signal });
  }
}

const isUp = ({ flags, operstate }: Listed): boolean => flags.includes('UP') && operstate !== 'DOWN';

const bitsOf = (address: string): number =>
  address.split('.').reduce((bits, byte) => bits * 256 + Number(byte), 0);

function isInNetwork(address: string, other: string, prefix: number): boolean {
  const size = 2 ** (32 - prefix);
  return Math.floor(bitsOf(address) / size) === Math.floor(bitsOf(other) / size);
}
