import { type as osType } from 'node:os';

/** The version the server is told; held to package.json by a test. */
export const VERSION = '0.1.0';

/** Who we are, honestly: an unofficial client under its own name. libsignal adds its own. */
export const userAgent = `Plainseal/${VERSION} (${osType().toLowerCase()})`;
