/** Times and durations for people. */

export function duration(ms) {
  if (ms === 0) return '0\u00a0ms';
  if (ms < 10) return `${ms.toFixed(1)}\u00a0ms`;
  if (ms < 1_000) return `${Math.round(ms)}\u00a0ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)}\u00a0s`;
  if (seconds < 120) return `${Math.round(seconds)}\u00a0s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)}\u00a0min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)}\u00a0h`;
  return `${Math.round(seconds / 86_400)}\u00a0days`;
}

export const ago = (ms) => `${duration(ms)} ago`;

/** "12:03:04", with the day when it was another. */
export function clock(iso, now = new Date()) {
  const at = new Date(iso);
  const time = at.toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.toLocaleDateString([], { day: 'numeric', month: 'short' })}, ${time}`;
}

export const percent = (share) =>
  share === 0 ? '0 %' : share < 0.001 ? '< 0.1 %' : `${(share * 100).toFixed(1)} %`;

export const times = (count) => (count === 1 ? 'once' : `${count} times`);
