import type { Command } from '../core/events.ts';
import { FOREIGN, FREE } from './address-model.ts';
import { announceDeparture } from './departure-fault.ts';
import { EVERY, type Fault } from './fault.ts';
import { isHalted, type Machine } from './machine.ts';
import { haltProcess, killDaemon, powerOff, reboot, replaceInstance, standStill } from './machine-faults.ts';
import { forgetNode, takeOutOfFile } from './membership-faults.ts';
import { losePings } from './ping-fault.ts';
import type { Disturbance, RemoteService } from './remote-service.ts';
import { replay } from './replay.ts';
import { rotateKeys } from './rotate-keys.ts';
import { startTwin } from './twin.ts';
import type { World } from './world.ts';
import { writeRequest } from './write-request.ts';

type Undo = () => void;

const COMMAND_TIMEOUT_MS = 20_000;
/** An operator who ends maintenance looks after so long what became of it. */
const LOOKS_AGAIN_MS = 5_000;
/** For a minute: what was sent before may still be on its way. */
const QUIET_LOOKS = 12;
/** Every command of a simulated operator says so. */
const OPERATOR = 'simulated operator';

/** Makes a fault happen; returns what ends it, or null when there is nothing to end. */
export function inflict(world: World, fault: Fault): Undo | null {
  const [service, ...rest] = fault.class.split('-');
  const disturbance = rest.join('-');
  if (service === 'witness') return disturb(world, world.desk.witness, disturbance, fault);
  if (service === 'ec2') return disturb(world, world.desk.cloud, disturbance, fault);
  return inflictNetwork(world, fault) ?? inflictMachine(world, fault);
}

function disturb(world: World, service: RemoteService, what: string, fault: Fault): Undo {
  if (what === 'down') {
    service.downStyle = fault.style;
    const nodes = machinesOf(world, fault.node);
    for (const { index } of nodes) service.takeDown(index, 1);
    return () => nodes.forEach(({ index }) => void service.takeDown(index, -1));
  }
  service.disturb(what as Disturbance, fault.amount);
  return () => service.disturb(what as Disturbance, 0);
}

function inflictNetwork(world: World, fault: Fault): Undo | null {
  const { network } = world;
  switch (fault.class) {
    case 'loss':
      return onLinks(world, fault, (from, to, path, on) =>
        network.setLoss(from, to, path, on ? fault.amount : 0),
      );
    case 'delay':
      return onLinks(world, fault, (from, to, path, on) =>
        network.setExtraDelay(from, to, path, on ? fault.amount : 0),
      );
    case 'duplicates':
      network.setDuplicates(fault.amount);
      return () => network.setDuplicates(0);
    case 'replays':
      return replay(world, fault);
    case 'cut-one-way':
    case 'cut-both-ways':
    case 'path-lost':
    case 'isolate-from-peers':
      return onLinks(world, fault, (from, to, path, on) => network.cut(from, to, path, on ? 1 : -1));
    case 'isolate-from-all': {
      const mend = onLinks(world, fault, (from, to, path, on) => network.cut(from, to, path, on ? 1 : -1));
      for (const service of [world.desk.witness, world.desk.cloud]) service.takeDown(fault.node, 1);
      return () => {
        mend();
        for (const service of [world.desk.witness, world.desk.cloud]) service.takeDown(fault.node, -1);
      };
    }
    case 'flap':
      return flap(world, fault);
    default:
      return null;
  }
}

/** Does something to every directed link that the fault names, and undoes it. */
function onLinks(
  world: World,
  fault: Fault,
  set: (from: number, to: number, path: number, on: boolean) => void,
): Undo {
  const oneWay = fault.class === 'cut-one-way';
  const each = (on: boolean): void => {
    for (const { index: from } of world.machines) {
      for (const { index: to } of world.machines) {
        const forth = touches(fault.node, from) && touches(fault.other, to);
        const back = !oneWay && touches(fault.node, to) && touches(fault.other, from);
        if (from === to || !(forth || back)) continue;
        for (let path = 0; path < world.network.paths; path++) {
          if (fault.class !== 'path-lost' || path === 0) set(from, to, path, on);
        }
      }
    }
  };
  each(true);
  return () => each(false);
}

const touches = (wanted: number, index: number): boolean => wanted === EVERY || wanted === index;

/** The link goes away and comes back, `amount` milliseconds each. */
function flap(world: World, fault: Fault): Undo {
  let mend: Undo | null = null;
  let over = false;
  const turn = (): void => {
    if (over) return;
    if (mend === null) {
      mend = onLinks(world, fault, (from, to, path, on) => world.network.cut(from, to, path, on ? 1 : -1));
    } else {
      mend();
      mend = null;
    }
    world.after(fault.amount, turn);
  };
  turn();
  return () => {
    over = true;
    mend?.();
  };
}

function inflictMachine(world: World, fault: Fault): Undo | null {
  const machine = world.machines[fault.node === EVERY ? 0 : fault.node] as Machine;
  switch (fault.class) {
    case 'crash':
      return killDaemon(world, machine);
    case 'freeze':
    case 'stall':
      return haltProcess(world, machine);
    case 'power-off':
      return powerOff(world, machine, fault.amount);
    case 'replace':
      return replaceInstance(world, machine, fault.amount);
    case 'reboot':
      return reboot(world, machine);
    case 'suspend':
      return standStill(world, machine, 'suspended');
    case 'clocks-stop':
      return standStill(world, machine, 'stopped');
    case 'service-dies':
      for (let group = 0; group < machine.services.length; group++) {
        world.setServices(machine, group, false, 'died');
      }
      return null;
    case 'service-sick':
      for (const [group, services] of machine.services.entries()) {
        services.sick = services.running;
        world.noticeSoon(machine, group);
      }
      return null;
    case 'start-fails':
      return troubles(machine, 'startFails', fault.amount);
    case 'start-slow':
      return troubles(machine, 'startExtraMs', fault.amount);
    case 'stop-hangs':
      return troubles(machine, 'stopHangs', fault.amount);
    case 'monitor-hangs':
      return troubles(machine, 'checkHangs', fault.amount);
    case 'ineligible':
      setEligibility(world, machine, 'simulated: nginx -t fails');
      return () => setEligibility(world, machine, '');
    case 'pings-lost':
      return losePings(world, fault);
    case 'departure':
      return announceDeparture(world, machine, fault);
    default:
      return inflictOperator(world, fault, machine);
  }
}

function troubles(
  machine: Machine,
  which: 'startFails' | 'startExtraMs' | 'stopHangs' | 'checkHangs',
  amount: number,
): Undo {
  for (const services of machine.services) services.troubles[which] = amount;
  return () => {
    for (const services of machine.services) services.troubles[which] = 0;
  };
}

function setEligibility(world: World, machine: Machine, why: string): void {
  machine.ineligible.fill(why);
  world.tellHealth(machine);
}

function inflictOperator(world: World, fault: Fault, machine: Machine): Undo | null {
  const id = world.random.hex16();
  switch (fault.class) {
    case 'switchover':
    case 'force': {
      const target = world.machines[fault.other] ?? machine;
      const kind = fault.class;
      // A forced failover is carried out by the target's own daemon, and asked there or, at odd times, elsewhere.
      const told = kind === 'force' && Math.floor(fault.atMs) % 2 === 0 ? target : machine;
      for (const { name: group } of world.terrain.groups) {
        const move = { group, target: target.name, kind, by: OPERATOR, timeoutMs: COMMAND_TIMEOUT_MS };
        tell(world, told, { type: 'move', id, ...move });
      }
      return null;
    }
    case 'drain':
      tell(world, machine, { type: 'set-drained', id, drained: true, by: OPERATOR });
      return () => {
        const back: Command = { type: 'set-drained', id: `${id}-back`, drained: false, by: OPERATOR };
        if (machine.daemon === null) machine.waitingCommands.push(back);
        else tell(world, machine, back);
      };
    case 'maintenance': {
      const maintenance = (on: boolean): Command => ({
        type: 'maintenance',
        id: world.random.hex16(),
        group: null,
        on,
        by: OPERATOR,
      });
      tell(world, machine, maintenance(true));
      return () => endMaintenance(world, machine, maintenance(false));
    }
    case 'cleanup':
      tell(world, machine, { type: 'cleanup', id, group: null, node: null, by: OPERATOR });
      return null;
    case 'stop-leave':
    case 'stop-hold':
      return stopDaemon(world, machine, fault.class === 'stop-leave' ? 'leave' : 'hold');
    case 'forget':
      forgetNode(world, machine, (to, what) => tell(world, to, what));
      return null;
    case 'file-lacks':
      return takeOutOfFile(world, machine, fault);
    case 'key-rotation':
      return rotateKeys(world, fault);
    case 'twin':
      return startTwin(world, machine);
    case 'request-switchover':
    case 'request-force':
    case 'request-nonsense':
      return writeRequest(world, fault);
    case 'hand-move':
      moveByHand(world, fault.other);
      return null;
    case 'hand-move-foreign':
      moveByHand(world, FOREIGN);
      return () => {
        for (let group = 0; group < world.terrain.groups.length; group++) {
          if (world.desk.addresses[group]?.now.holder === FOREIGN) world.desk.moveByHand(group, FREE);
        }
      };
    default:
      throw new Error(`nobody knows how to inflict ${fault.class}`);
  }
}

/** Who ends it looks a little later whether it has ended everywhere: a node that forgot the setting counts anew. */
function endMaintenance(world: World, machine: Machine, off: Command): void {
  if (machine.daemon !== null) tell(world, machine, off);
  else if (!machine.waitingCommands.includes(off)) machine.waitingCommands.push(off);
  world.after(LOOKS_AGAIN_MS, () => lookAgain(world, machine, off, QUIET_LOOKS));
}

/** A node that is down, or stands still with the setting unread in its socket, may bring it back. */
function lookAgain(world: World, machine: Machine, off: Command, looksLeft: number): void {
  const lasts = world.machines.some(
    ({ daemon }) =>
      daemon !== null &&
      world.terrain.groups.some(({ name }) => world.core.view(daemon.state, name).maintenance),
  );
  if (lasts) return endMaintenance(world, machine, off);
  const areQuiet = world.machines.every((each) => each.daemon !== null && !isHalted(each));
  if (areQuiet && looksLeft === 0) return;
  world.after(LOOKS_AGAIN_MS, () => lookAgain(world, machine, off, areQuiet ? looksLeft - 1 : QUIET_LOOKS));
}

function moveByHand(world: World, holder: number): void {
  for (let group = 0; group < world.terrain.groups.length; group++) world.desk.moveByHand(group, holder);
}

/** systemctl stop: the daemon is told, and killed when it has not gone by the end of the fault. */
function stopDaemon(world: World, machine: Machine, mode: 'leave' | 'hold'): Undo {
  tell(world, machine, { type: 'stop', mode });
  const stopped = machine.daemon;
  machine.heldDown++;
  return () => {
    machine.heldDown--;
    if (machine.daemon === stopped) world.endDaemon(machine, 'daemon is killed after its stop');
    world.startDaemon(machine);
  };
}

function tell(world: World, machine: Machine, command: Command): void {
  for (const observer of world.observers) {
    observer.commanded?.(
      machine,
      command.type === 'move' ? `${command.kind} to ${command.target}` : command.type,
    );
  }
  world.command(machine, command);
}

function machinesOf(world: World, node: number): readonly Machine[] {
  return node === EVERY ? world.machines : [world.machines[node] as Machine];
}
