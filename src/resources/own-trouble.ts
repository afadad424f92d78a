const OWN_TROUBLE = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EACCES', 'EPERM']);

/** This machine wants descriptors, memory, ports or a permission: that says nothing of whoever was to be asked. */
export const isOwnTrouble = (error: unknown): boolean =>
  OWN_TROUBLE.has((error as NodeJS.ErrnoException).code ?? '');
