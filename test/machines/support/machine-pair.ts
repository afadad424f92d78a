import { vi } from 'vitest';
import { stringify } from 'yaml';
import { AwsEmulator } from '../../../src/demo/emulator/aws-emulator.ts';
import { SystemdMachine } from '../../support/systemd-machine.ts';

export const ADDRESSES = { main: '127.46.0.11', aux: '127.46.0.12' } as const;
export type Name = keyof typeof ADDRESSES;
const NAMES = ['main', 'aux'] as const;
const WEB_PORT = 8046;
const PROGRAM = ['/bin/sleep', '4646'];
const WAIT = { timeout: 60_000, interval: 100 };
/** A daemon that was killed has to be back within deadtime, on a busy machine too. */
const CALM = { deadtime: '15s', warntime: '4s', lease: '15s', initdead: '16s' };

/** Two machines with systemd, their AWS in this process, and a web server behind the address. */
export class MachinePair {
  readonly aws = new AwsEmulator({ nodes: NAMES.map((name) => ({ name, privateIp: ADDRESSES[name] })) });
  readonly #machines = new Map<Name, SystemdMachine>();
  readonly #group: object;
  readonly #cgroups: 'as here' | 'second';
  #allocationId = '';
  #publicIp = '';

  /** `group`: laid over the settings of the group. */
  constructor(group: object = {}, cgroups: 'as here' | 'second' = 'as here') {
    this.#group = group;
    this.#cgroups = cgroups;
  }

  /** `packages`: what the machines have beside those of every machine. */
  async start(packages: readonly string[] = []): Promise<void> {
    await this.aws.start();
    ({ allocationId: this.#allocationId, publicIp: this.#publicIp } = this.aws.cloud.allocate());
    for (const name of NAMES) {
      const cgroups = this.#cgroups;
      const machine = await SystemdMachine.start({ network: 'host', packages, cgroups });
      this.#machines.set(name, machine);
      await machine.write('/etc/nginx/nginx.conf', nginxConfiguration(name));
    }
  }

  /** Those that there are. */
  get machines(): ReadonlyMap<Name, SystemdMachine> {
    return this.#machines;
  }

  machine(name: Name): SystemdMachine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`there is no machine ${name}`);
    return machine;
  }

  /** A command that has to succeed; gives its standard output. */
  async on(name: Name, ...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.machine(name).run(...command);
    if (code !== 0) {
      throw new Error(`${name}: "${command.join(' ')}" ended with ${code}: ${stdout}${stderr}`);
    }
    return stdout.trim();
  }

  /** What an operator brings beside the package: where AWS is, the key, the configuration. */
  async configure(name: Name): Promise<void> {
    const machine = this.machine(name);
    await this.on(name, 'mkdir', '-p', '/etc/systemd/system/eipkeeper.service.d');
    const environment = Object.entries(this.aws.environmentOf(name, {}));
    const lines = environment.map(([variable, value]) => `Environment="${variable}=${value}"`);
    await machine.unit('eipkeeper.service.d/aws.conf', `[Service]\n${lines.join('\n')}\n`);
    await machine.write('/etc/eipkeeper/key', 'ab'.repeat(32));
    await this.on(name, 'chmod', '600', '/etc/eipkeeper/key');
    await machine.write('/etc/eipkeeper/eipkeeper.yaml', stringify(this.#configuration()));
  }

  holder(): string {
    return this.aws.cloud.holderOf(this.#publicIp)?.node ?? '';
  }

  moves(): number {
    return this.aws.journal.count({ call: 'AssociateAddress' });
  }

  property(name: Name, property: string, unit = 'eipkeeper.service'): Promise<string> {
    return this.on(name, 'systemctl', 'show', '--value', `--property=${property}`, unit);
  }

  journal(name: Name, unit = 'eipkeeper.service', output = 'cat'): Promise<string> {
    return this.on(name, 'journalctl', '--no-pager', `--output=${output}`, `--unit=${unit}`);
  }

  daemonPid(name: Name): Promise<string> {
    return this.property(name, 'MainPID');
  }

  /** The processes behind the address: nginx, which systemd runs, and a program that the daemon started itself. */
  async servicePids(name: Name): Promise<{ readonly nginx: string; readonly program: string }> {
    const program = await this.machine(name).run('pgrep', '--full', '--exact', PROGRAM.join(' '));
    return { nginx: await this.property(name, 'MainPID', 'nginx.service'), program: program.stdout.trim() };
  }

  /** What must stay as it is whatever becomes of the daemon. */
  async service(name: Name) {
    const { nginx, program } = await this.servicePids(name);
    return { nginx, program, holder: this.holder(), moves: this.moves() };
  }

  async says(name: Name, words: RegExp): Promise<void> {
    await vi.waitFor(async () => {
      const text = await this.property(name, 'StatusText');
      if (!words.test(text)) throw new Error(`${name} says "${text}"`);
    }, WAIT);
  }

  /** The address is there, and the web server of that machine answers. */
  async serves(name: Name): Promise<void> {
    await vi.waitFor(async () => {
      if (this.holder() !== name) throw new Error(`the address is on "${this.holder()}"`);
      const answer = await fetch(`http://${ADDRESSES[name]}:${WEB_PORT}/`);
      if ((await answer.text()) !== name) throw new Error(`${name} answers something else`);
    }, WAIT);
    await this.says(name, new RegExp(`leader ${name}, `));
  }

  /** Another daemon than `before` leads here again. */
  async isBack(name: Name, before: string): Promise<void> {
    await vi.waitFor(async () => {
      if ([before, '0'].includes(await this.daemonPid(name))) throw new Error('the same daemon, or none');
    }, WAIT);
    await this.serves(name);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#machines.values()].map((machine) => machine.end()));
    await this.aws.close();
  }

  #configuration(): object {
    const nodes = NAMES.map((name) => [
      name,
      { address: ADDRESSES[name], instanceId: this.aws.cloud.instanceOf(name).instanceId },
    ]);
    return {
      cluster: `machines-${process.pid}`,
      key: { file: '/etc/eipkeeper/key' },
      nodes: Object.fromEntries(nodes),
      port: 9646,
      timings: CALM,
      groups: {
        web: {
          nodes: [...NAMES],
          failback: 'manual',
          resources: [
            { exec: { name: 'program', run: [...PROGRAM] } },
            { nginx: {} },
            { 'elastic-ip': { allocationId: this.#allocationId } },
          ],
          ...this.#group,
        },
      },
      socket: { group: 'eipkeeper' },
    };
  }
}

const nginxConfiguration = (name: Name): string => `user www-data;
pid /run/nginx.pid;
events {}
http {
  access_log off;
  server { listen ${ADDRESSES[name]}:${WEB_PORT}; location / { return 200 '${name}'; } }
}
`;
