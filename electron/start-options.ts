import { isAbsolute } from 'node:path';

/** What the command line decides. */
export type StartOptions = {
  /** Folder of the profile; null: the usual one below the system's folder for application data. */
  readonly profile: string | null;
  readonly kind: 'live' | 'test';
};

/**
 * Reads `--profile=FOLDER` and `--test`. Everything else is Chromium's or a deep link of somebody else, and ignored. A relative folder
 * is no folder: the working directory of an application is an accident.
 */
export function readStart(argv: readonly string[]): StartOptions {
  const given = argv.findLast((argument) => argument.startsWith('--profile='))?.slice('--profile='.length);
  return {
    profile: given !== undefined && isAbsolute(given) ? given : null,
    kind: argv.includes('--test') ? 'test' : 'live',
  };
}
