import type { Check } from '../check.ts';
import { address } from './address.ts';
import { apiRoute } from './api-route.ts';
import { clock } from './clock.ts';
import { configuration } from './configuration.ts';
import { credentials } from './credentials.ts';
import { daemon } from './daemon.ts';
import { disk } from './disk.ts';
import { ec2Permissions } from './ec2-permissions.ts';
import { guard } from './guard.ts';
import { heartbeats } from './heartbeats.ts';
import { targetInterface } from './interface.ts';
import { keys } from './keys.ts';
import { metadata } from './metadata.ts';
import { ownNode } from './own-node.ts';
import { privateAddresses } from './private-addresses.ts';
import { region } from './region.ts';
import { registry } from './registry.ts';
import { services } from './services.ts';
import { timings } from './timings.ts';
import { unit } from './unit.ts';
import { witness } from './witness.ts';

/** In the order of the page: what others rest on comes first, so that the first failure is the one to mend first. */
export const CHECKS: readonly Check[] = [
  configuration,
  metadata,
  region,
  ownNode,
  keys,
  credentials,
  apiRoute,
  clock,
  ec2Permissions,
  witness,
  registry,
  address,
  targetInterface,
  privateAddresses,
  services,
  unit,
  guard,
  disk,
  daemon,
  heartbeats,
  timings,
];
