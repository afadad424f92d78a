/** What became of a resource script of Heartbeat that is known by its name. */
export type KnownScript =
  | {
      readonly kind: 'ocf' /** Of the agent of the same name, in the order of the arguments. */;
      readonly parameters: readonly string[];
      readonly exclusive: boolean;
    }
  | { readonly kind: 'left-out'; readonly reason: string };

const ocf = (exclusive: boolean, ...parameters: readonly string[]): KnownScript => ({
  kind: 'ocf',
  parameters,
  exclusive,
});
const leftOut = (reason: string): KnownScript => ({ kind: 'left-out', reason });

const ARP = 'EC2 needs no gratuitous ARP: it knows where an address is';

/** The scripts in resource.d that come with Heartbeat 3.0.6 and ldirectord; most of them only call an OCF agent. */
export const KNOWN_SCRIPTS: Readonly<Record<string, KnownScript>> = {
  Filesystem: ocf(true, 'device', 'directory', 'fstype', 'options'),
  LVM: ocf(true, 'volgrpname'),
  Raid1: ocf(true, 'raidconf', 'raiddev'),
  db2: ocf(true, 'instance'),
  ids: ocf(true, 'informixdir', 'informixserver', 'onconfig'),
  WAS: ocf(true, 'config', 'port'),
  apache: ocf(false, 'configfile'),
  ldirectord: ocf(false, 'configfile'),
  MailTo: ocf(false, 'email', 'subject'),
  Xinetd: ocf(false, 'service'),
  portblock: ocf(false, 'protocol', 'portno', 'action'),
  SendArp: leftOut(ARP),
  IPsrcaddr: leftOut('write a route with "src" for it: the private address of a node does not move'),
  IPv6addr: leftOut('only IPv4 addresses are moved'),
  LinuxSCSI: leftOut('an EC2 instance has no shared SCSI bus'),
  ICP: leftOut('an EC2 instance has no shared SCSI bus'),
  ServeRAID: leftOut('an EC2 instance has no ServeRAID adapter'),
  Delay: leftOut('nothing waits here by the clock: a resource counts as started when its monitor says so'),
  AudibleAlarm: leftOut('be told of changes with `notify` (docs/notifications.md)'),
  WinPopup: leftOut('be told of changes with `notify` (docs/notifications.md)'),
  OCF: leftOut('write the agent as an `ocf` resource'),
};

/** Scripts of data that two writers would damage. */
export const MUST_NEVER_RUN_TWICE: readonly string[] = ['drbddisk', 'drbdupper', 'drbd'];
