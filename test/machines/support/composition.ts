import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { podman } from '../../support/podman.ts';

const COMPOSE_FILE = new URL('../../../docker/compose.yaml', import.meta.url);
/** The limits of a machine that is itself a container are often below podman's own. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'];

export interface Service {
  readonly build: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly image: string;
  readonly hostname?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
  readonly restart?: string;
  readonly networks: { readonly vpc: { readonly ipv4_address: string } } | readonly string[];
}

export interface Composition {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: { readonly vpc: { readonly ipam: { readonly config: readonly { subnet: string }[] } } };
}

export const readComposition = (): Composition =>
  parse(readFileSync(COMPOSE_FILE, 'utf8'), { merge: true }) as Composition;

export const addressOf = ({ networks }: Service): string | null =>
  'vpc' in networks ? networks.vpc.ipv4_address : null;

/** The services of compose.yaml, each a container of podman: what the file says, without publishing ports. */
export class RunningComposition {
  readonly #id = `eipkeeper-${randomBytes(3).toString('hex')}`;
  readonly #composition = readComposition();

  /** `images`: what to run in place of the images of the file, by their names there. */
  async start(images: Readonly<Record<string, string>>): Promise<void> {
    const { services, networks } = this.#composition;
    const [{ subnet } = { subnet: '' }] = networks.vpc.ipam.config;
    await podman(['network', 'create', '--subnet', subnet, this.#id]);
    for (const [name, service] of Object.entries(services)) {
      const address = addressOf(service);
      const environment = Object.entries(service.environment ?? {});
      await podman([
        ...['--runtime', 'runc', 'run', '--detach', '--name', this.container(name), ...LIMITS],
        ...['--network', address === null ? this.#id : `${this.#id}:ip=${address}`],
        ...['--hostname', service.hostname ?? name, '--restart', service.restart ?? 'no'],
        ...environment.flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
        images[service.image] ?? service.image,
        ...(service.command ?? []),
      ]);
    }
  }

  container(service: string): string {
    return `${this.#id}-${service}`;
  }

  /** What `podman <command> <container> <rest…>` prints, both streams; throws when it fails. */
  async podman(command: readonly string[], service: string, ...rest: readonly string[]): Promise<string> {
    const { stdout, stderr } = await podman([...command, this.container(service), ...rest]);
    return `${stdout}${stderr}`.trim();
  }

  async end(): Promise<void> {
    const containers = Object.keys(this.#composition.services).map((name) => this.container(name));
    await podman(['rm', '--force', '--ignore', '--volumes', '--time', '0', ...containers]);
    await podman(['network', 'rm', '--force', this.#id]);
  }
}
