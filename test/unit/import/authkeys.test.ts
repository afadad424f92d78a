import { describe, expect, it } from 'vitest';
import { parseAuthkeys } from '../../../src/import/authkeys.ts';
import { refusalOf, text } from './parse-support.ts';

const authkeys = (content: string) => parseAuthkeys(text(content, 'authkeys'));

describe('authkeys', () => {
  it.each([
    ['auth 1\n1 sha1 s3cret', 'sha1', 2],
    ['# keys\n3 md5 s3cret\n2 crc\n\nauth 3', 'md5', 2],
    ['auth 15\r\n15 crc\r\n', 'crc', 2],
  ])('%j signs with %s', (content, method, line) => {
    expect(authkeys(content)).toEqual({ place: { file: 'authkeys', line }, method });
  });

  it.each([
    ['1 sha1 s3cret', 'authkeys: has no line "auth"'],
    ['auth 2\n1 sha1 s3cret', 'authkeys:1: selects key 2, which is not there'],
    ['auth 1\nauth 1\n1 crc', 'authkeys:2: selects a key again'],
    ['auth 0\n1 crc', 'authkeys:1: must be "auth" and a number from 1 to 15'],
    ['auth 1\n1 crc\n1 sha1 s3cret', 'authkeys:3: has the number of the key in line 2'],
    ['auth 1\n1 sha256 s3cret', 'authkeys:2: must be a number from 1 to 15, a method (crc, md5, sha1)'],
    ['auth 1\n16 sha1 s3cret', 'authkeys:2: must be a number from 1 to 15'],
    ['auth 1\n1 sha1', 'authkeys:2: has no secret, which sha1 needs'],
    ['auth 1\n1 crc s3cret', 'authkeys:2: has a secret, which crc does not take'],
    ['auth 1\n1 md5 s3cret s3cret', 'authkeys:2: has more than one secret'],
    ['s3cret', 'authkeys:1: must be a number'],
  ])('refuses %j and repeats nothing of it', (content, message) => {
    const refused = refusalOf(() => authkeys(content)).join('\n');
    expect(refused).toContain(message);
    expect(refused).not.toContain('s3cret');
  });
});
