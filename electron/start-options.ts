import { isAbsolute } from 'node:path';
import { ownArguments } from '../shared/shell/outside-link.ts';

/** What the command line decides. */
export type StartOptions = {
  /** Folder of the profile; null: the usual one below the system's folder for application data. */
  readonly profile: string | null;
  readonly kind: 'live' | 'test';
  /** Test profiles only: file with the authority (PEM) of the test servers. */
  readonly authority: string | null;
  /** Test profiles only: file that says where the Signal server of the tests is. */
  readonly signal: string | null;
};

/**
 * Reads `--profile=FOLDER`, `--test`, `--authority=FILE` and `--signal=FILE`, where no link stands before them. Everything else is Chromium's, and ignored. A
 * relative folder is no folder: the working directory of an application is an accident.
 */
export function readStart(given: readonly string[]): StartOptions {
  const argv = ownArguments(given);
  const kind = argv.includes('--test') ? 'test' : 'live';
  return {
    profile: pathAfter(argv, '--profile='),
    kind,
    authority: kind === 'test' ? pathAfter(argv, '--authority=') : null,
    signal: kind === 'test' ? pathAfter(argv, '--signal=') : null,
  };
}

function pathAfter(argv: readonly string[], name: string): string | null {
  const given = argv.findLast((argument) => argument.startsWith(name))?.slice(name.length);
  return given !== undefined && isAbsolute(given) ? given : null;
}
