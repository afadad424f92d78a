import { uptime } from 'node:os';

/** CLOCK_BOOTTIME in milliseconds, in steps of 10: runs on while suspended. Node reads it only as `os.uptime()`. */
export const boottimeMs = (): number => uptime() * 1000;
