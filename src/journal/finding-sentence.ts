import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { AddressHolder, NodeName, TermRecord } from '../core/types.ts';
import { type Scene, sentenceOf } from '../observability/sentences.ts';
import type { Finding, Silence } from './finding.ts';
import { inMs } from './wall-time.ts';

type LeaseFinding = NonNullable<CallFinding['lease']>;

export interface EvidenceScene extends Scene {
  /** How many heartbeat paths there are. */
  readonly paths: number;
}

/** Longer than the others by this much: that path was dead before. */
const DEAD_BEFORE_MS = 5_000;

/** One sentence without its time and full stop. */
export function findingSentence(finding: Finding, scene: EvidenceScene): string {
  const { self } = scene;
  switch (finding.type) {
    case 'note':
      return sentenceOf(finding.note, scene).text;
    case 'asked': {
      const where = finding.heardFrom === '' ? '' : ` through ${finding.heardFrom}`;
      const what = finding.kind === 'force' ? 'a forced failover' : 'a switchover';
      return `${finding.by} asked for ${what} to ${finding.target}${where}`;
    }
    case 'prepare':
      return `${finding.by} asked ${self} to get ready to take over`;
    case 'ready':
      return `${finding.node} said that it is ready`;
    case 'yields':
      return `${finding.node} let ${finding.to} create the term after ${finding.term}`;
    case 'wants':
      return `${finding.node} said that it wants term ${finding.term}`;
    case 'renounced':
      return `${finding.node} renounced the lease of term ${finding.term}, so that it no longer binds ${self}`;
    case 'call':
      return callSentence(finding, scene);
  }
}

/** "aux had heard nothing from main for 1,004 ms on both paths" */
export function silenceSentence({ node, forMs, paths }: Silence, scene: EvidenceScene): string {
  if (forMs === null) return `${scene.self} had not heard ${node} at all`;
  const where =
    scene.paths === 1 ? '' : scene.paths === 2 ? ' on both paths' : ` on all ${scene.paths} paths`;
  const dead = Array.from({ length: scene.paths }, (_, path) => path).filter((path) => {
    const known = paths.find((heard) => heard.path === path);
    return paths.length > 0 && (known === undefined || known.forMs - forMs > DEAD_BEFORE_MS);
  });
  const before =
    dead.length === 0 ? '' : ` (path ${dead.map((path) => path + 1).join(', ')} was dead before)`;
  return `${scene.self} had heard nothing from ${node} for ${inMs(forMs)}${where}${before}`;
}

type CallFinding = Extract<Finding, { readonly type: 'call' }>;

function callSentence({ call, result, tookMs }: CallFinding, scene: EvidenceScene): string {
  const { self } = scene;
  const tried = `${self} tried to ${deedOf(call, scene).infinitive}`;
  if (result === null) return `${tried}; the recording ends before the answer`;
  if (result.type === 'failed') {
    const isInDoubt = result.failure === 'unknown' && !isReading(call);
    const meaning = isInDoubt ? ' (whether it had an effect is unknown)' : '';
    return `${tried}, which failed after ${inMs(tookMs)}: ${result.reason}${meaning}`;
  }
  const told = answerOf(call, result, scene);
  if (told === '') return `${self} ${deedOf(call, scene).past} in ${inMs(tookMs)}`;
  const who = ofWitness(call) ? 'the witness' : 'EC2';
  const answered = ofServices(call) ? told : `${who} answered: ${told}`;
  return `${isReading(call) ? `${self} ${deedOf(call, scene).past}` : tried}; after ${inMs(tookMs)} ${answered}`;
}

interface Deed {
  readonly infinitive: string;
  readonly past: string;
}

function deedOf(call: CallEffect, scene: EvidenceScene): Deed {
  const address = `the address ${scene.addressOf(call.group)}`;
  switch (call.type) {
    case 'create-term':
      return deed('create', 'created', `term ${call.record.term} at the witness`);
    case 'read-term':
      return deed('ask', 'asked', `the witness for term ${call.term}`);
    case 'read-newest':
      return deed('ask', 'asked', 'the witness for the newest term');
    case 'delete-terms':
      return deed('delete', 'deleted', `the terms up to ${call.upTo}`);
    case 'close-request':
      return deed('write', 'wrote', 'what became of the request beside it');
    case 'describe-address':
      return deed('ask', 'asked', `EC2 where ${address} is`);
    case 'take-address':
      return deed('have', 'had', `EC2 move ${address} to itself`);
    case 'take-free-address':
      return deed('have', 'had', `EC2 give it ${address}, which was free`);
    case 'release-address':
      return deed('have', 'had', `EC2 take ${address} off its holder`);
    case 'describe-instance':
      return deed('ask', 'asked', `EC2 for the instance of ${call.node}`);
    case 'start-services':
      return deed('start', 'started', 'its services');
    case 'stop-services':
      return deed('stop', 'stopped', 'its services');
    case 'check-services':
      return deed('check', 'checked', 'its services');
  }
}

const deed = (infinitive: string, past: string, what: string): Deed => ({
  infinitive: `${infinitive} ${what}`,
  past: `${past} ${what}`,
});

/** Whether the term before still kept this node from creating one. */
export function leaseSentence({ term, owner, renounced, leaseMs }: LeaseFinding, self: NodeName): string {
  if (renounced)
    return `term ${term} did not bind ${self}: ${owner} had renounced its lease while they heard each other`;
  if (leaseMs === 0) return `term ${term} had never bound ${self}`;
  return `term ${term} had bound ${self} for ${inMs(leaseMs)} from when it learned of it, which were over`;
}

/** '' when the answer is only that it was done. */
function answerOf(call: CallEffect, result: CallResult, scene: EvidenceScene): string {
  switch (result.type) {
    case 'term-exists':
      return 'that term exists already';
    case 'term-record':
      return result.record === null ? 'there is none' : recordWords(result.record);
    case 'newest-term':
      return newestWords(call, result.record);
    case 'address-reading':
      return holderWords(result.holder);
    case 'address-taken':
      return 'somebody has it';
    case 'instance-condition':
      return `it is ${result.condition}`;
    case 'services-state':
      return result.running ? 'they run' : 'they do not run';
    case 'services-failed':
      return `they failed: ${result.reason}`;
    case 'term-created':
    case 'request-closed':
    case 'address-moved':
    case 'address-released':
    case 'services-started':
    case 'services-stopped':
      return '';
    case 'failed':
      return `${scene.self} got no answer`;
  }
}

function newestWords(call: CallEffect, record: TermRecord | null): string {
  const known = call.type === 'read-newest' ? call.known : 0;
  if (record === null) return known === 0 ? 'there is none' : `no term newer than ${known}`;
  if (record.term === known) return `no term newer than ${known}, which is ${record.owner}'s`;
  return recordWords(record);
}

function recordWords({ term, owner, reason, requestedBy }: TermRecord): string {
  const by = requestedBy === undefined ? '' : `, asked by ${requestedBy}`;
  return `term ${term} is ${owner}'s (${reason}${by})`;
}

function holderWords(holder: AddressHolder): string {
  switch (holder.kind) {
    case 'free':
      return 'on no instance';
    case 'node':
      return `on ${holder.node}`;
    case 'foreign':
      return `on ${holder.networkInterfaceId}, which is none of the nodes'`;
  }
}

const ofWitness = (call: CallEffect): boolean =>
  ['create-term', 'read-term', 'read-newest', 'delete-terms', 'close-request'].includes(call.type);
const ofServices = (call: CallEffect): boolean => call.type.endsWith('-services');
const isReading = ({ type }: CallEffect): boolean => type.startsWith('read-') || type.startsWith('describe-');
