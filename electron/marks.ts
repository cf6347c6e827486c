import { isAbsolute, join } from 'node:path';

/**
 * Where the marks that tell a profile from its copies are kept: on this machine, of this person, and not below the folder the profile
 * is in (XDG Base Directory Specification, `XDG_STATE_HOME`; on Windows the part of the profile that does not roam).
 */
export function marksFolder(
  home: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const given =
    platform === 'win32' ? env['LOCALAPPDATA'] : platform === 'darwin' ? '' : env['XDG_STATE_HOME'];
  if (given && isAbsolute(given)) return join(given, 'plainseal-marks');
  switch (platform) {
    case 'win32':
      return join(home, 'AppData', 'Local', 'plainseal-marks');
    case 'darwin':
      return join(home, 'Library', 'Application Support', 'plainseal-marks');
    default:
      return join(home, '.local', 'state', 'plainseal-marks');
  }
}
