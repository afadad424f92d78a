import { z } from 'zod';
import type { RestartPolicy } from '../core/types.ts';
import { type MonitorSettings, monitorSchema, restartSchema } from './monitor-schema.ts';
import { elasticIpSchema } from './resources/elastic-ip.ts';
import { execSchema } from './resources/exec.ts';
import { haproxySchema } from './resources/haproxy.ts';
import { localIpSchema } from './resources/local-ip.ts';
import { lsbSchema } from './resources/lsb.ts';
import { nginxSchema } from './resources/nginx.ts';
import { ocfSchema } from './resources/ocf.ts';
import { privateIpSchema } from './resources/private-ip.ts';
import { systemdSchema } from './resources/systemd.ts';

/** Shapes and defaults of what a group runs. Every transform ends in the very options of the adapter. */
const SCHEMAS = {
  'elastic-ip': elasticIpSchema.describe('An Elastic IP of the group. Acquired last wherever it is written.'),
  'private-ip': privateIpSchema.describe(
    'A secondary private address that moves between interfaces. Acquired last wherever it is written.',
  ),
  'local-ip': localIpSchema.describe('An address of the operating system alone.'),
  nginx: nginxSchema.describe('An nginx on this machine.'),
  haproxy: haproxySchema.describe('An haproxy on this machine.'),
  systemd: systemdSchema.describe('Any unit of systemd.'),
  lsb: lsbSchema.describe('Any init script.'),
  ocf: ocfSchema.describe('Any OCF resource agent, as Pacemaker runs them.'),
  exec: execSchema.describe('Any service, by commands of yours or as a program in the foreground.'),
};

export type ResourceType = keyof typeof SCHEMAS;
/** What may stand in `resources`, by the word that it is written with. */
export const RESOURCE_TYPES = Object.keys(SCHEMAS) as readonly ResourceType[];

/** One entry of `resources`: its word, and its settings with the defaults filled in. */
export type Resource = {
  readonly [T in ResourceType]: { readonly type: T; readonly parameters: z.output<(typeof SCHEMAS)[T]> };
}[ResourceType] &
  Care;

/** What stands beside the resource, whatever its type. */
export interface Care {
  readonly monitor: MonitorSettings;
  readonly restart: RestartPolicy;
}

const CARE = {
  monitor: monitorSchema.describe('How it is watched, besides what its type looks at.'),
  restart: restartSchema.describe('How often it is started again on a node before the group moves.'),
};
/** The address is looked at by other rules. */
const NEEDS_CARE = Object.keys(CARE);
/** What EC2 keeps on one node at a time; the core moves it. */
const ADDRESS_TYPES = ['elastic-ip', 'private-ip'] as const;
export type AddressResource = Extract<Resource, { readonly type: (typeof ADDRESS_TYPES)[number] }>;
export type ServiceResource = Exclude<Resource, AddressResource>;
export const isAddress = ({ type }: { readonly type: string }): boolean =>
  ADDRESS_TYPES.some((address) => address === type);

/** Whether it must never run twice: settings that say so as `exclusive`, written or by the nature of the resource. */
export const needsExclusivity = ({ parameters }: Resource): boolean =>
  'exclusive' in parameters && parameters.exclusive === true;

export const resourceSchema = z
  .strictObject(
    { ...SCHEMAS, ...CARE },
    {
      error: (issue) =>
        issue.code === 'invalid_type' ? 'expected one resource, like "- nginx: {}"' : undefined,
    },
  )
  .partial()
  .transform((value, context): Resource => {
    const { monitor, restart, ...written } = value;
    const care = { monitor: monitor ?? monitorSchema.parse({}), restart: restart ?? restartSchema.parse({}) };
    const resources = Object.entries(written)
      .filter(([, parameters]) => parameters !== undefined)
      .map(([type, parameters]) => ({ type, parameters, ...care }) as Resource);
    const [only, second] = resources;
    if (only !== undefined && isAddress(only) && second === undefined) {
      for (const key of NEEDS_CARE.filter((each) => each in value)) {
        const message = 'is for services: eipkeeper looks at the address by itself';
        context.addIssue({ code: 'custom', path: [key], message });
      }
    }
    if (only !== undefined && second === undefined) return only;
    const message =
      only === undefined
        ? `must be one of ${RESOURCE_TYPES.join(', ')}`
        : `has ${resources.map((resource) => resource.type).join(' and ')} in one entry: give each its own "- "`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
