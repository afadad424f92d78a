import type { UdpAddress } from './transport.ts';

/** A socket for heartbeats could not be opened. `code` is the system's. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: string;
  readonly address: string;
  readonly port: number;

  constructor(local: UdpAddress, cause: NodeJS.ErrnoException) {
    const code = cause.code ?? 'UNKNOWN';
    const place = `${local.address} port ${local.port} (UDP)`;
    super(`Cannot listen for heartbeats on ${place}: ${adviceFor(code, local, cause)}`, { cause });
    this.code = code;
    this.address = local.address;
    this.port = local.port;
  }
}

function adviceFor(code: string, { port }: UdpAddress, cause: Error): string {
  switch (code) {
    case 'EADDRINUSE':
      return `another program has it. Nothing was started. "ss -ulpn sport = :${port}" names the program; stop it, or choose another port on all nodes.`;
    case 'EACCES':
      return 'this user may not. Nothing was started. Ports below 1024 need CAP_NET_BIND_SERVICE, which the systemd unit gives; else choose a higher port on all nodes.';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have the address. Nothing was started. Compare this node\'s addresses in the configuration with "ip address".';
    default:
      return `${cause.message}. Nothing was started.`;
  }
}
