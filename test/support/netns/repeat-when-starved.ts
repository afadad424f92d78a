import type { StarvationGauge } from './starvation.ts';

const ATTEMPTS_MOST = 3;

/**
 * Makes an attempt once more, three times at most, while it fails (throws, or `complaintAbout` says something) on a
 * machine of which something waited for half of a window of `windowMs`. Gives or throws what the last one came to.
 */
export async function repeatWhenStarved<T>(options: {
  readonly name: string;
  readonly gauge: StarvationGauge;
  readonly windowMs: number;
  readonly attempt: (repeated: number) => Promise<T>;
  readonly complaintAbout: (outcome: T) => string;
}): Promise<T> {
  const { name, gauge, windowMs, attempt, complaintAbout } = options;
  for (let repeated = 0; ; repeated += 1) {
    gauge.forget();
    const made = await attempt(repeated).then(
      (value) => ({ complaint: complaintAbout(value), end: () => value }),
      (error: unknown) => ({
        complaint: String(error),
        end: (): T => {
          throw error;
        },
      }),
    );
    const starved = made.complaint === '' ? null : gauge.starvation(windowMs);
    if (starved === null || repeated + 1 === ATTEMPTS_MOST) return made.end();
    const waited = `${starved.who} waited ${Math.round(starved.waitedMs)} of ${windowMs} ms`;
    console.error(`${name}: once more, because ${waited} for the machine; seen: ${made.complaint}`);
  }
}
