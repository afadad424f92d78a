import { z } from 'zod';

const UNIT_BYTES = { KB: 1_000, MB: 1_000_000, GB: 1_000_000_000 } as const;
type Unit = keyof typeof UNIT_BYTES;
const PATTERN = /^(\d{1,6}(?:\.\d{1,3})?)\s?(KB|kB|MB|GB)$/;

/** "16MB", "1.5GB" in bytes, or null for what is no size. */
export function parseByteSize(text: string): number | null {
  const match = PATTERN.exec(text.trim());
  if (match === null) return null;
  return Math.round(Number(match[1]) * UNIT_BYTES[match[2]?.toUpperCase() as Unit]);
}

/** A size in the configuration file; its value in the program is a number of bytes. */
export const byteSizeSchema = z
  .string({ error: 'must be a size with its unit, like 16MB' })
  .transform((text, context) => {
    const bytes = parseByteSize(text);
    if (bytes !== null) return bytes;
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(text)} is no size: write a number and KB, MB or GB, like 16MB`,
    });
    return z.NEVER;
  })
  .meta({ id: 'Size', description: 'A number and its unit: 500KB, 16MB, 1GB.', pattern: PATTERN.source });
