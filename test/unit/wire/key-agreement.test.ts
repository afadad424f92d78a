import { describe, expect, it } from 'vitest';
import { KeyAgreement } from '../../../src/wire/key-agreement.ts';

const OWN = { signing: 0x0a0b, other: 0x0c0d };
const peer = (agreement: KeyAgreement, nowMs: number) => agreement.status(nowMs, OWN).peers[0];

function agreementWith(...names: string[]): KeyAgreement {
  const agreement = new KeyAgreement();
  agreement.setPeers(names);
  return agreement;
}

describe('what is known of the keys of the peers', () => {
  it('is a second key accepted by who answered a probe, for five seconds', () => {
    const agreement = agreementWith('aux');
    const nonce = agreement.probe('aux', 1_000);
    expect(agreement.takeAnswer('aux', nonce ?? '', 1_010)).toBe(true);
    expect(peer(agreement, 5_900)?.acceptsOther).toBe(true);
    expect(peer(agreement, 6_100)?.acceptsOther).toBe(false);
  });

  it('is nothing for an answer to something else, or of a stranger', () => {
    const agreement = agreementWith('aux');
    const nonce = agreement.probe('aux', 1_000) ?? '';
    expect(agreement.takeAnswer('aux', '0'.repeat(16), 1_010)).toBe(false);
    expect(agreement.takeAnswer('stranger', nonce, 1_010)).toBe(false);
    expect(agreement.probe('stranger', 1_000)).toBeNull();
    expect(peer(agreement, 1_020)?.acceptsOther).toBe(false);
  });

  it('is asked once a second, each time afresh', () => {
    const agreement = agreementWith('aux');
    const first = agreement.probe('aux', 1_000);
    expect(agreement.probe('aux', 1_900)).toBeNull();
    expect(agreement.probe('aux', 2_000)).not.toBe(first);
    expect(agreement.takeAnswer('aux', first ?? '', 2_010)).toBe(false);
  });

  it('is forgotten with the second key, and with the peer', () => {
    const agreement = agreementWith('aux');
    agreement.takeAnswer('aux', agreement.probe('aux', 1_000) ?? '', 1_010);
    agreement.noteSigned('aux', 7);
    agreement.forgetProofs();
    expect(peer(agreement, 1_020)).toEqual({ peer: 'aux', signing: 7, acceptsOther: false });
    agreement.setPeers([]);
    expect(agreement.status(1_020, OWN).peers).toEqual([]);
  });

  it('is an unknown key for five seconds', () => {
    const agreement = agreementWith('aux');
    expect(agreement.status(0, OWN).unknownSeen).toBe(false);
    agreement.noteUnknown(1_000);
    expect(agreement.status(5_900, OWN).unknownSeen).toBe(true);
    expect(agreement.status(6_100, OWN).unknownSeen).toBe(false);
  });
});
