/**
 * What becomes of each directive of ha.cf: every one that the parser of Heartbeat 3.0.6 knows, those of its
 * communication plugins and those that its manual page leaves out among them. docs/migration.md shows this table.
 *
 * - `carried`: into a setting.
 * - `refused`: as long as it stands alone; what to write instead is said.
 * - `needless`: what it asks for is so, or has no meaning here.
 * - `lost`: nothing here does it; the operator has to look at it.
 */
export type Treatment = 'carried' | 'refused' | 'needless' | 'lost';

export interface Directive {
  readonly treatment: Treatment;
  /** Completes "keepalive: …". */
  readonly becomes: string;
  /** Takes the rest of its line, and may be written several times. */
  readonly repeats?: true;
}

const carried = (becomes: string): Directive => ({ treatment: 'carried', becomes });
const needless = (becomes: string): Directive => ({ treatment: 'needless', becomes });
const lost = (becomes: string): Directive => ({ treatment: 'lost', becomes });
const repeated = (directive: Directive): Directive => ({ ...directive, repeats: true });

const VPC = 'a VPC carries neither broadcast nor multicast';
const WRITE_PEERS = 'name every node with --peer name=address, or write ucast lines';
const noMedium = (why: string): Directive =>
  repeated({ treatment: 'refused', becomes: `${why}; ${WRITE_PEERS}` });
const PACEMAKER = 'a setting of Pacemaker, which has no part here';
const OWN_FORMAT = 'heartbeats have a format of their own, small and binary';
const JOURNALD = 'the log goes to the standard error, under systemd to journald';

export const DIRECTIVES: Readonly<Record<string, Directive>> = {
  node: repeated(carried('`nodes`')),
  ucast: repeated(carried('`address` of a node, `addresses` with several interfaces')),
  ucast6: repeated(carried('`address` of a node; a link-local address is refused')),
  udpport: repeated(carried('`port`; as in Heartbeat it holds for the media that follow it')),
  keepalive: carried('`timings.keepalive`'),
  warntime: carried('`timings.warntime`; half of deadtime where it is not written'),
  deadtime: carried('`timings.deadtime`; 30 s where it is not written'),
  initdead: carried('`timings.initdead`'),
  auto_failback: carried('`failback`: on and legacy are `auto`, off is `manual`'),
  nice_failback: carried('`failback`: on is `manual`, off is `auto`'),
  ping: repeated(carried('`ping`, each with `icmp`, where ipfail runs')),
  ping6: repeated(carried('`ping`, each with `icmp`, where ipfail runs')),
  ping_group: repeated(carried('`ping`, its members one by one, where ipfail runs')),
  respawn: repeated(
    carried('ipfail: what is in `ping` is acted on; any other program is lost: make a systemd unit of it'),
  ),
  debug: carried('`log.level: debug`, where it is not 0'),
  cluster: carried('`cluster`'),
  bcast: noMedium(VPC),
  udp: noMedium(`the old name of bcast; ${VPC}`),
  mcast: noMedium(VPC),
  mcast6: noMedium(VPC),
  serial: noMedium('an EC2 instance has no serial line to another'),
  crm: {
    treatment: 'refused',
    becomes:
      'on, yes and respawn: the resources are in Pacemaker, not in haresources; off and no are needless',
  },
  pacemaker: { treatment: 'refused', becomes: 'the same as crm' },
  use_logd: needless(JOURNALD),
  logfile: needless(JOURNALD),
  debugfile: needless(JOURNALD),
  logfacility: needless(JOURNALD),
  syslogmsgfmt: needless(JOURNALD),
  conn_logd_time: needless(JOURNALD),
  log_badpack: needless('refused packets are always counted, and logged at a bounded rate'),
  baud: needless('there is no serial line'),
  hopfudge: needless('heartbeats go straight from node to node'),
  msgfmt: needless(OWN_FORMAT),
  compression: needless(OWN_FORMAT),
  compression_threshold: needless(OWN_FORMAT),
  traditional_compression: needless(OWN_FORMAT),
  max_rexmit_delay: needless('nothing is sent again: each heartbeat tells all'),
  hbgenmethod: needless('every start has a random incarnation'),
  uuidfrom: needless('a node is known by its instance id, address or host name'),
  memreserve: needless('the memory of the process is bounded by systemd'),
  coredumps: needless('systemd keeps core dumps'),
  coreroot: needless('systemd keeps core dumps'),
  normalpoll: needless('Node.js polls in its own way'),
  use_apphbd: needless('systemd watches the daemon (WatchdogSec)'),
  realtime: needless('the deadlines leave room for ordinary scheduling'),
  rtprio: needless('the deadlines leave room for ordinary scheduling'),
  apiauth: repeated(lost('the control socket has one group, `socket.group`')),
  autojoin: lost('the nodes are those of `nodes`; none joins by itself'),
  deadping: lost('a ping node is lost after three misses, 2 s apart'),
  hbaping: repeated(lost('an EC2 instance has no Fibre Channel')),
  env: repeated(lost('set what a service needs in `env` of an `exec` resource')),
  failfast: repeated(lost('make a systemd unit of the program')),
  quorum_server: lost('the witness is SSM Parameter Store'),
  stonith: repeated(lost('nobody is powered off: terms in the witness decide who may change anything')),
  stonith_host: repeated(lost('nobody is powered off: terms in the witness decide who may change anything')),
  watchdog: lost('systemd starts a daemon that hangs anew (WatchdogSec); the machine is not rebooted'),
  crm_daemon_dir: needless(PACEMAKER),
  crmd_spawns_pengine: needless(PACEMAKER),
  record_config_changes: needless(PACEMAKER),
  record_pengine_inputs: needless(PACEMAKER),
  enable_config_writes: needless(PACEMAKER),
};
