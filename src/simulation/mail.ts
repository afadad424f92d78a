import type { PeerMessage } from '../core/message.ts';
import type { NodeName } from '../core/types.ts';
import { Session } from '../wire/session.ts';
import type { SessionOutput } from '../wire/session-contract.ts';
import type { SessionPacket } from '../wire/session-packet.ts';
import { type Daemon, isHalted, type Machine, SOCKET_BUFFER } from './machine.ts';
import { fileOf } from './membership-faults.ts';
import type { Packet } from './network.ts';
import { withoutNewFields } from './older-version.ts';
import { Prng } from './prng.ts';
import { Tape } from './tape.ts';
import type { World } from './world.ts';

type Outputs = readonly SessionOutput<PeerMessage>[];

/**
 * What `UdpTransport` is to the daemon: the real sessions of rule 9 between the core and the simulated network.
 * Only bytes and signatures are left out; a datagram carries the number of the key that signed it.
 */
export class Mail {
  readonly tape = new Tape();
  /** For who listens or pretends, so that they leave the luck of everything else as it was. */
  readonly random: Prng;
  readonly #world: World;
  readonly #nonces: Prng;
  readonly #versions: Prng;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.random = new Prng(seed, 'replays');
    this.#nonces = new Prng(seed, 'nonces');
    this.#versions = new Prng(seed, 'versions');
  }

  /** The session machine of a daemon that starts; it has greeted nobody yet. */
  open(
    machine: Machine,
    incarnation: Daemon['incarnation'],
    instanceId = machine.instanceId,
  ): Session<PeerMessage> {
    const { terrain, network } = this.#world;
    const { keepaliveMs, groups, nodes } = fileOf(terrain, machine);
    return new Session({
      self: machine.name,
      incarnation,
      instanceId,
      peers: nodes,
      pathCount: network.paths,
      timings: { keepaliveMs, deadtimeMs: Math.max(...groups.map(({ timings }) => timings.deadtimeMs)) },
      randomNonce: () => this.#nonces.hex16(),
    });
  }

  /** Whether a daemon that starts is an older version. */
  drawOlder(): boolean {
    return this.#versions.chance(this.#world.terrain.olderShare);
  }

  greet(machine: Machine, daemon: Daemon): void {
    this.#perform(machine, daemon.session.greet(this.#localMs(machine)));
  }

  /** As the file says since it was read again. */
  setPeers(machine: Machine, daemon: Daemon, names: readonly NodeName[]): void {
    daemon.session.setPeers(names);
    this.greet(machine, daemon);
  }

  send(machine: Machine, daemon: Daemon, to: NodeName, path: number | null, message: PeerMessage): void {
    const said = daemon.older ? withoutNewFields(message) : message;
    this.#perform(machine, daemon.session.send(this.#localMs(machine), to, path, [said]));
  }

  /** A datagram reaches a machine; a daemon that does not read finds it in its socket later. */
  arrive(datagram: Packet): void {
    const machine = this.#world.machines[datagram.to] as Machine;
    const { daemon } = machine;
    if (daemon === null) return;
    if (!isHalted(machine)) this.receive(machine, datagram);
    else if (daemon.inbox.length < SOCKET_BUFFER) daemon.inbox.push(datagram);
  }

  receive(machine: Machine, datagram: Packet): void {
    const { daemon } = machine;
    if (daemon === null) return;
    if (!machine.keys.accepted.includes(datagram.key)) return this.#world.dropped(machine, 'key');
    this.#perform(machine, daemon.session.receive(this.#localMs(machine), datagram.packet), datagram);
  }

  #perform(machine: Machine, outputs: Outputs, datagram?: Packet): void {
    const { daemon } = machine;
    for (const output of outputs) {
      // What came before may have ended the daemon.
      if (machine.daemon !== daemon) return;
      switch (output.type) {
        case 'transmit':
          if (output.via === 'source' && datagram?.answer !== undefined)
            this.#answer(datagram, output.packet);
          else this.transmit(machine, output.packet);
          break;
        case 'deliver':
          if (datagram !== undefined) this.#world.deliver(machine, datagram, heard(daemon, output));
          break;
        case 'name-taken':
          this.#world.exit(machine, `exits 78: ${output.saidBy} says that ${output.takenBy} has the name`);
          break;
        case 'dropped':
          this.#world.dropped(machine, output.reason);
          break;
        case 'impostor':
          this.#world.dropped(machine, 'impostor');
      }
    }
  }

  /** `answer`: of a sender that is not where its name is configured to be. */
  transmit(machine: Machine, packet: SessionPacket<PeerMessage>, answer?: Packet['answer']): void {
    const { network, queue, nowMs, terrain } = this.#world;
    const { path } = packet;
    const from = machine.index;
    const to = terrain.names.indexOf(packet.receiver);
    const datagram: Packet = { type: 'packet', from, to, path, packet, key: machine.keys.signing, answer };
    this.tape.record(datagram);
    const transitMs = network.transitMs(from, to, path);
    if (transitMs >= 0) queue.push(nowMs + transitMs, datagram);
    if (network.isDuplicated()) queue.push(nowMs + Math.abs(transitMs) * 3 + 1, datagram);
  }

  #answer({ from, to, path, answer }: Packet, packet: SessionPacket<PeerMessage>): void {
    const transitMs = this.#world.network.transitMs(to, from, path);
    if (transitMs >= 0) this.#world.after(transitMs, () => answer?.(packet));
  }

  #localMs(machine: Machine): number {
    return machine.clock.at(this.#world.nowMs).nowMs;
  }
}

type Delivery = Extract<SessionOutput<PeerMessage>, { type: 'deliver' }>;

const heard = (daemon: Daemon | null, delivery: Delivery): Delivery =>
  daemon?.older === true ? { ...delivery, payload: withoutNewFields(delivery.payload) } : delivery;
