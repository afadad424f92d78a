import { describe, expect, it } from 'vitest';
import {
  createLogger,
  detectFormat,
  type LogFormat,
  type LogLevel,
} from '../../../src/observability/logger.ts';

function logged(format: LogFormat, level: LogLevel = 'info') {
  const lines: string[] = [];
  return { lines, log: createLogger({ level, format, write: (text) => lines.push(text) }) };
}

describe('the logger', () => {
  it('marks its lines with the levels of the journal', () => {
    const { lines, log } = logged('journal');
    log.info('web: leader main, term 7');
    log.warn('careful');
    log.error('broken');
    expect(lines).toEqual(['<6>web: leader main, term 7\n', '<4>careful\n', '<3>broken\n']);
  });

  it('writes a reason of several lines as one line, so that each line has its level', () => {
    const { lines, log } = logged('journal');
    log.error('nginx -t failed:\n  unknown directive\n');
    expect(lines).toEqual(['<3>nginx -t failed: | unknown directive | \n']);
  });

  it('writes JSON with a level and a time for machines', () => {
    const { lines, log } = logged('json');
    log.info({ group: 'web' }, 'hello');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 30,
      group: 'web',
      msg: 'hello',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('writes readable lines for people', () => {
    const { lines, log } = logged('text');
    log.warn('careful');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}careful\n$/);
  });

  it('writes nothing below its level', () => {
    const { lines, log } = logged('journal', 'warn');
    log.info('x');
    expect(lines).toEqual([]);
  });

  it('takes an error along with where it came from', () => {
    const { lines, log } = logged('text');
    log.error({ err: new Error('boom') }, 'a bug');
    expect(lines[0]).toContain('a bug: Error: boom');
  });
});

describe('the format', () => {
  it('is the journal only while standard error still is the socket that it names', () => {
    expect(detectFormat('8:42', { dev: 8, ino: 42 }, false)).toBe('journal');
    expect(detectFormat('8:42', { dev: 8, ino: 43 }, false)).toBe('json');
    expect(detectFormat('', { dev: 8, ino: 43 }, true)).toBe('text');
  });
});
