/** Times for people, by the zone of this machine. */

const two = (value: number): string => String(value).padStart(2, '0');

/** "12:03:04.120" */
export function localTime(wallMs: number): string {
  const date = new Date(wallMs);
  const seconds = `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}

/** "2026-11-21T12:03:04.120+01:00" */
export function localIso(wallMs: number): string {
  const date = new Date(wallMs);
  const ahead = -date.getTimezoneOffset();
  const zone = `${ahead < 0 ? '-' : '+'}${two(Math.floor(Math.abs(ahead) / 60))}:${two(Math.abs(ahead) % 60)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${localTime(wallMs)}${zone}`;
}

/** 1004.4 → "1,004 ms" */
export const inMs = (ms: number): string =>
  `${String(Math.round(ms)).replace(/\B(?=(\d{3})+(?!\d))/g, ',')} ms`;
