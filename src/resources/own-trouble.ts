import { open } from 'node:fs/promises';

const OWN_TROUBLE = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EACCES', 'EPERM']);

/** This machine wants descriptors, memory, ports or a permission: that says nothing of whoever was to be asked. */
export const isOwnTrouble = (error: unknown): boolean =>
  OWN_TROUBLE.has((error as NodeJS.ErrnoException).code ?? '');

/** The resolver finds no address when it could not ask for want of descriptors, and does not say so: this does. */
export async function wantsDescriptors(): Promise<boolean> {
  try {
    await (await open('/dev/null')).close();
    return false;
  } catch (error) {
    return isOwnTrouble(error);
  }
}
