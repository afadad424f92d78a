declare const EIPKEEPER_VERSION: string | undefined;

/** Put in by the build; the sources themselves have none. */
export const version: string = typeof EIPKEEPER_VERSION === 'string' ? EIPKEEPER_VERSION : '0.0.0-source';
