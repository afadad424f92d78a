import { describe, expect, it } from 'vitest';
import type { AwsClients } from '../../../src/cloud/aws-clients.ts';
import type { Configuration } from '../../../src/config/configuration.ts';
import type { Check } from '../../../src/doctor/check.ts';
import { apiRoute } from '../../../src/doctor/checks/api-route.ts';
import { guard } from '../../../src/doctor/checks/guard.ts';
import { services } from '../../../src/doctor/checks/services.ts';
import { DoctorContext } from '../../../src/doctor/doctor-context.ts';
import { CheckedResource } from '../../../src/resources/checked-resource.ts';
import {
  failedState,
  type ResourceAdapter,
  type ResourceState,
  STOPPED,
} from '../../../src/resources/resource-adapter.ts';
import { ResourceChain } from '../../../src/resources/resource-chain.ts';
import type { Machine } from '../../../src/runtime/machine-facts.ts';

interface Given {
  readonly endpoint?: string;
  readonly refused?: string;
  readonly publicIp?: string | null;
  readonly resource?: ResourceAdapter;
  readonly kind?: 'address' | 'exclusive';
}

/** A node on which only what the check asks for is known. */
class GivenContext extends DoctorContext {
  readonly #given: Given;

  constructor(given: Given) {
    super({
      source: '/none',
      version: '0',
      environment: {},
      connect: () => Promise.reject(new Error('no daemon')),
      waiting: false,
      signal: new AbortController().signal,
    });
    this.#given = given;
  }

  override async clients() {
    const { endpoint = '127.0.0.1', refused = '' } = this.#given;
    return {
      warm: async () => ({ ec2: refused, ssm: '' }),
      hostOf: async () => endpoint,
    } as unknown as AwsClients;
  }
  override async machine() {
    return { readMetadata: async () => this.#given.publicIp ?? null } as unknown as Machine;
  }
  override async configuration() {
    const { kind = 'address' } = this.#given;
    return { file: { groups: { web: { kind, nodes: ['main', 'aux'] } } } } as unknown as Configuration;
  }
  override async self() {
    return 'main';
  }
  override async chains() {
    const { resource } = this.#given;
    return new Map([['web', new ResourceChain(resource === undefined ? [] : [resource])]]);
  }
}

const look = async (check: Check, given: Given) =>
  (await check.look(new GivenContext(given), new AbortController().signal)).map(
    ({ verdict, text }) => `${verdict}: ${text}`,
  );

describe('the way to AWS', () => {
  it('is fine inside the VPC and through a NAT', async () => {
    expect(await look(apiRoute, { endpoint: '10.0.0.7', publicIp: '203.0.113.9' })).toEqual([
      'ok: inside the VPC, whatever happens to the address',
    ]);
    expect(await look(apiRoute, { endpoint: '198.51.100.1', publicIp: null })).toEqual([
      'ok: by NAT or a proxy: this instance has no public address of its own',
    ]);
  });

  it('is doubtful through a public address of the instance, which a move takes away', async () => {
    expect(await look(apiRoute, { endpoint: '198.51.100.1', publicIp: '203.0.113.9' })).toEqual([
      expect.stringMatching(/^warning: by the public address 203\.0\.113\.9 of this instance/),
    ]);
  });

  it('is missing where no connection can be had', async () => {
    expect(await look(apiRoute, { refused: 'connect ETIMEDOUT' })).toEqual([
      'failure: no way to ec2: connect ETIMEDOUT',
    ]);
  });
});

describe('the services', () => {
  const resource = (state: ResourceState, odd: string): ResourceAdapter => ({
    name: 'nginx',
    validate: async () => state,
    start: async () => state,
    stop: async () => state,
    monitor: async () => state,
    oddities: async () => (odd === '' ? [] : [{ text: odd, advice: 'mend it' }]),
  });

  it.each([
    [resource(STOPPED, ''), ['ok: web: nginx could be started here']],
    [resource(STOPPED, 'it starts at boot'), ['warning: web: nginx: it starts at boot']],
    [resource({ kind: 'stopped', warning: 'nginx: old' }, ''), ['warning: web: nginx: old']],
    [
      resource(failedState('nginx: -t failed'), 'it starts at boot'),
      ['failure: web: nginx: -t failed', 'warning: web: nginx: it starts at boot'],
    ],
  ])('are what their adapters say, %#', async (adapter, lines) => {
    expect(await look(services, { resource: adapter })).toEqual(lines);
    const checked = new CheckedResource(adapter, [], 1_000, () => []);
    expect(await look(services, { resource: checked })).toEqual(lines);
  });
});

describe('the guard', () => {
  it('is told of only where there is something that must never run twice', async () => {
    expect(await look(guard, { kind: 'address' })).toEqual([]);
    expect(await look(guard, { kind: 'exclusive' })).toEqual([expect.stringMatching(/over web|not-found/)]);
  });
});
