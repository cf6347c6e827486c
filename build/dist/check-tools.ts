import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that judge a package, and the Debian package each is in. */
const tools = [
  ['dpkg-deb', 'dpkg'],
  ['lintian', 'lintian'],
  ['desktop-file-validate', 'desktop-file-utils'],
  ['appstreamcli', 'appstream'],
  ['openssl', 'openssl'],
] as const;

/** The tools that are not on the path, each with how to get it. */
export function missingTools(path = process.env.PATH ?? ''): readonly string[] {
  return tools
    .filter(([name]) => !path.split(delimiter).some((folder) => isProgram(join(folder, name))))
    .map(([name, origin]) => `${name} is missing: apt-get install ${origin}`);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
