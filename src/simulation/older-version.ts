import type { PeerMessage } from '../core/message.ts';

/**
 * What is left of a message when the program that says or hears it is a version before the fields that were appended
 * last: the codec leaves alone what it does not know, and who does not say something says what it was before.
 */
export const withoutNewFields = (message: PeerMessage): PeerMessage => ({
  ...message,
  departure: 'none',
  reach: null,
  reports: message.reports.map((report) => ({ ...report, whyNot: '', cleanup: null, cleanedUp: '' })),
});
