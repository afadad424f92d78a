import { describe, expect, it } from 'vitest';
import { DIRECTIVES } from '../../../src/import/directives.ts';
import { parseHaCf, parseHeartbeatBoolean, parseHeartbeatTime } from '../../../src/import/ha-cf.ts';
import { refusalOf, text } from './parse-support.ts';

const refusal = (content: string | Uint8Array) => refusalOf(() => parseHaCf(text(content)));

describe('ha.cf', () => {
  it('is read line by line, with comments, tabs, commas and the line ends of Windows', () => {
    const lines = parseHaCf(
      text('# all\r\n\r\nkeepalive 2 # s\r\n\tnode\trproxy1,rproxy2  rproxy3\r\nucast eth0 10.0.0.1'),
    );
    expect(lines.map(({ place, text: line }) => `${place.line} ${line}`)).toEqual([
      '3 keepalive 2',
      '4 node rproxy1 rproxy2 rproxy3',
      '5 ucast eth0 10.0.0.1',
    ]);
  });

  it('names every line that is wrong', () => {
    expect(refusal('keepaliv 2\nnode\ndeadtime 1 2\nnode "main"\nlogfile /a\n')).toEqual([
      'ha.cf:1: "keepaliv" is no directive of Heartbeat; did you mean keepalive?',
      'ha.cf:2: node has no value',
      'ha.cf:3: deadtime takes one value, and there are 2',
      'ha.cf:4: node has a quote, which Heartbeat takes for part of the value: leave it out',
    ]);
  });

  it('refuses a directive that contradicts an earlier one, and lets it be repeated', () => {
    expect(refusal('keepalive 2\nkeepalive 2\nkeepalive 3')).toEqual([
      'ha.cf:3: "keepalive 3" contradicts "keepalive 2" in line 1: leave one of them',
    ]);
  });

  it('knows no name that only objects have', () => {
    expect(refusal('constructor 1')[0]).toContain('is no directive');
  });

  it.each([
    ['what is not UTF-8', Buffer.from([0x6e, 0x0a, 0xff, 0xfe, 0x0a]), 'ha.cf:2: is no text in UTF-8'],
    ['a binary', Buffer.from('node a\0b'), 'ha.cf:1: holds a control character'],
    ['megabytes', Buffer.alloc(2_000_000, 'node a\n'), 'ha.cf: is longer than 65536 bytes'],
    ['a line without an end', `node ${'a'.repeat(6_000)}`, 'ha.cf:1: is longer than 5120 characters'],
  ])('refuses %s', (_what, content, message) => {
    expect(refusal(content)[0]).toContain(message);
  });

  it.each([
    ['2', 2_000],
    ['1.7', 1_700],
    ['.5', 500],
    ['1700ms', 1_700],
    ['30s', 30_000],
    ['2MIN', 120_000],
    ['1h', 3_600_000],
    ['1500us', 2],
    ['0', null],
    ['-1', null],
    ['2 s', null],
    ['2days', null],
    ['', null],
    ['1e3', null],
  ])('takes the time %j for %j ms', (written, ms) => {
    expect(parseHeartbeatTime(written)).toBe(ms);
  });

  it('knows the words for yes and no', () => {
    expect(['true', 'On', 'YES', 'y', '1'].map(parseHeartbeatBoolean)).toEqual(Array(5).fill(true));
    expect(['false', 'OFF', 'no', 'n', '0'].map(parseHeartbeatBoolean)).toEqual(Array(5).fill(false));
    expect(parseHeartbeatBoolean('legacy')).toBeNull();
  });
});

describe('the table of directives', () => {
  /** `ha.cf(5)` of Heartbeat 3.0.6, its sample file, the table of its parser and its communication plugins. */
  const KNOWN_TO_HEARTBEAT = `apiauth auto_failback autojoin baud bcast cluster compression compression_threshold
    conn_logd_time coredumps coreroot crm crm_daemon_dir crmd_spawns_pengine deadping deadtime debug debugfile
    enable_config_writes env failfast hbaping hbgenmethod hopfudge initdead keepalive log_badpack logfacility logfile
    max_rexmit_delay mcast mcast6 memreserve msgfmt nice_failback node normalpoll pacemaker ping ping6 ping_group
    quorum_server realtime record_config_changes record_pengine_inputs respawn rtprio serial stonith stonith_host
    syslogmsgfmt traditional_compression ucast ucast6 udp udpport use_apphbd use_logd uuidfrom warntime watchdog`;

  it('holds every directive of Heartbeat 3.0.6, and no other', () => {
    expect(Object.keys(DIRECTIVES).sort()).toEqual(KNOWN_TO_HEARTBEAT.split(/\s+/));
  });
});
