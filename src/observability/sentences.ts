import type { Note } from '../core/notes.ts';
import { assertNever, type GroupName, type TermReason } from '../core/types.ts';

export type Severity = 'info' | 'warn' | 'error';

export interface Sentence {
  readonly severity: Severity;
  readonly text: string;
}

/** What sentences need to know besides the note itself. */
export interface Scene {
  readonly self: string;
  /** What people call the group's address: 203.0.113.10, or its allocation while that is not known. */
  readonly addressOf: (group: GroupName) => string;
}

/** One sentence for each fact: what is, and what the program does about it or what should be done. */
export function sentenceOf(note: Note, scene: Scene): Sentence {
  switch (note.type) {
    case 'peer-up':
      return info(`${note.node} is heard`);
    case 'peer-down':
      return warn(`${note.node} has been silent for ${ms(note.silentMs)} and is taken for dead`);
    case 'witness-down':
      return warn(
        `the witness does not answer: ${note.reason}; what serves goes on serving, one more fault may not be survived`,
      );
    case 'witness-up':
      return info(`the witness answers again after ${ms(note.downMs)}`);
    case 'departure-announced':
      return warn(`${note.why}; ${scene.self} hands over what it leads to who stays longer`);
    case 'departure-withdrawn':
      return info(`${scene.self} stays after all; it was said: ${note.why}`);
    case 'leaving':
      return info(`${scene.self} leaves: ${note.reason}`);
    case 'request-ignored':
      return warn(`the request in the witness is ignored: ${note.reason}; write it again, or delete it`);
    default:
      return groupSentence(note, scene);
  }
}

type GroupNote = Extract<Note, { readonly group: GroupName }>;

function groupSentence(note: GroupNote, scene: Scene): Sentence {
  const said = (sentence: Sentence): Sentence => ({ ...sentence, text: `${note.group}: ${sentence.text}` });
  switch (note.type) {
    case 'became-leader':
    case 'members-changed':
    case 'defended':
    case 'leader-known':
    case 'stepped-down':
    case 'authority-lost':
    case 'authority-regained':
    case 'claim-lost':
    case 'acting':
      return said(leadershipSentence(note, scene));
    case 'handover-started':
    case 'handover-abandoned':
    case 'yielded':
      return said(handoverSentence(note));
    case 'serving':
      return said(servingSentence(note, scene));
    case 'request-heard':
      return said(info(`${note.by} asks from afar: ${REQUESTS[note.kind]} to ${note.to}`));
    case 'request-answered':
      return said(
        note.status === 'done'
          ? info('what was asked from afar is done')
          : warn(`what was asked from afar is refused: ${note.reason}`),
      );
    case 'takeover-delayed':
      return said(
        error(
          `${note.takeovers} takeovers within an hour: the next one waits ${ms(note.waitMs)} longer; find out why the nodes fail`,
        ),
      );
    case 'address-elsewhere':
    case 'address-failed':
      return said(addressSentence(note, scene));
    case 'services-started':
    case 'services-stopped':
    case 'services-failed':
      return said(servicesSentence(note, scene));
    case 'maintenance':
    case 'left-leaderless':
    case 'cleaned-up':
      return said(operatorSentence(note, scene));
    case 'ineligible':
      return said(warn(`${scene.self} cannot lead: ${note.reason}`));
    case 'eligible':
      return said(info(`${scene.self} can lead`));
    default:
      return assertNever(note);
  }
}

const REQUESTS = { switchover: 'a switchover', force: 'a forced failover' } as const;

type LeadershipNote = Extract<
  GroupNote,
  {
    readonly type:
      | 'became-leader'
      | 'defended'
      | 'members-changed'
      | 'leader-known'
      | 'stepped-down'
      | 'authority-lost'
      | 'authority-regained'
      | 'claim-lost'
      | 'acting';
  }
>;

function leadershipSentence(note: LeadershipNote, scene: Scene): Sentence {
  const { self } = scene;
  switch (note.type) {
    case 'became-leader': {
      const by = note.by === '' ? '' : `, asked by ${note.by}`;
      return info(`leader ${self}, term ${note.term}: ${REASONS[note.reason]}${by}`);
    }
    case 'defended':
      return info(
        `leader ${self}, term ${note.term}: renewed for ${ms(note.leaseMs)}, because not every node can be heard`,
      );
    case 'members-changed': {
      const joined = note.joined.length === 0 ? [] : [`${note.joined.join(', ')} taken in`];
      const gone = note.gone.length === 0 ? [] : [`${note.gone.join(', ')} forgotten`];
      return info(`leader ${self}, term ${note.term}: ${[...joined, ...gone].join(', ')}`);
    }
    case 'leader-known':
      return info(`leader ${note.owner}, term ${note.term}`);
    case 'stepped-down':
      return info(`leader ${note.owner}, term ${note.term}: ${self} leads no longer`);
    case 'authority-lost':
      return warn(
        `term ${note.term}: ${self} cannot prove any more that it leads; it changes nothing until it can`,
      );
    case 'authority-regained':
      return info(`term ${note.term}: ${self} can prove again that it leads`);
    case 'claim-lost':
      return info(`leader ${note.owner}, term ${note.term}: ${self} wanted it too and came second`);
    case 'acting':
      return warn(`${self} serves without a term: ${note.why}; the term follows when the witness answers`);
    default:
      return assertNever(note);
  }
}

const REASONS: Readonly<Record<TermReason, string>> = {
  first: 'the first one of this group',
  takeover: 'the leader before fell silent',
  defence: 'renewed',
  switchover: 'handed over',
  members: 'other nodes count from now on',
  revoke: 'nobody took up the handover, so it was taken back',
  forced: 'forced',
  adopt: 'restarted, and still had the address',
  acting: 'the witness is back and was told',
};

/** Why a term came to be, as the end of a sentence. */
export const termReason = (reason: TermReason): string => REASONS[reason];

type HandoverNote = Extract<
  GroupNote,
  { readonly type: 'handover-started' | 'handover-abandoned' | 'yielded' }
>;

function handoverSentence(note: HandoverNote): Sentence {
  switch (note.type) {
    case 'handover-started':
      return info(`handing over to ${note.to}: ${note.why}`);
    case 'handover-abandoned':
      return warn(`not handed over to ${note.to}: ${note.why}; everything stays where it is`);
    case 'yielded':
      return info(`term ${note.term}: ${note.to} is ready and may take the next one`);
    default:
      return assertNever(note);
  }
}

function servingSentence(note: Extract<Note, { readonly type: 'serving' }>, scene: Scene): Sentence {
  const phases = [
    `detect ${ms(note.detectMs)}`,
    `claim ${ms(note.claimMs)}`,
    `move ${ms(note.moveMs)}`,
    `start ${ms(note.startMs)}`,
    `total ${ms(note.totalMs)}`,
  ].join(', ');
  const where = `address ${scene.addressOf(note.group)} is on ${scene.self}`;
  return info(`leader ${scene.self}, term ${note.term}: ${where} (${note.reason}: ${phases})`);
}

type AddressNote = Extract<GroupNote, { readonly type: 'address-elsewhere' | 'address-failed' }>;

function addressSentence(note: AddressNote, scene: Scene): Sentence {
  const address = scene.addressOf(note.group);
  if (note.type === 'address-failed') return error(`address ${address}: ${note.reason}; it is tried again`);
  const holder = note.holder === '' ? 'on no instance' : `on ${note.holder}`;
  return warn(`address ${address} is ${holder}, should be on ${scene.self}`);
}

type ServicesNote = Extract<
  GroupNote,
  { readonly type: 'services-started' | 'services-stopped' | 'services-failed' }
>;

function servicesSentence(note: ServicesNote, scene: Scene): Sentence {
  switch (note.type) {
    case 'services-started':
      return info(`services run on ${scene.self} (${note.why})`);
    case 'services-stopped':
      return info(`services are stopped on ${scene.self} (${note.why})`);
    case 'services-failed':
      return error(`services on ${scene.self}: ${note.reason}`);
    default:
      return assertNever(note);
  }
}

type OperatorNote = Extract<GroupNote, { readonly type: 'maintenance' | 'left-leaderless' | 'cleaned-up' }>;

function operatorSentence(note: OperatorNote, scene: Scene): Sentence {
  switch (note.type) {
    case 'maintenance': {
      const by = note.by === '' ? '' : `, asked by ${note.by}`;
      return note.on
        ? warn(`in maintenance: it is watched, and nothing is started, stopped or moved${by}`)
        : info(`out of maintenance${by}`);
    }
    case 'left-leaderless':
      return error(
        `${note.owner} has been silent for ${ms(note.silentMs)}, and NOBODY TAKES OVER, because the group is in maintenance: end it with "eipkeeper maintenance off ${note.group}"`,
      );
    case 'cleaned-up': {
      const what =
        note.resources === 0
          ? 'no failures to forget'
          : `the failures of ${note.resources} of its services are forgotten`;
      const by = note.by === '' ? '' : `, asked by ${note.by}`;
      return info(`${what} on ${scene.self}${by}`);
    }
    default:
      return assertNever(note);
  }
}

const info = (text: string): Sentence => ({ severity: 'info', text });
const warn = (text: string): Sentence => ({ severity: 'warn', text });
const error = (text: string): Sentence => ({ severity: 'error', text });
const ms = (value: number): string => `${Math.round(value)} ms`;
