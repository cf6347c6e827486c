import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import names from './chromium.json' with { type: 'json' };

/** The Chromium family's executable on this machine, by its usual names in order, or null. */
export function findChromium(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string | null {
  const known = platform === 'win32' ? names.win32 : platform === 'darwin' ? names.darwin : names.linux;
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute);
  for (const name of known) {
    const filled = name.replaceAll(/%([^%]+)%/g, (_, key: string) => env[key] ?? '');
    const places = isAbsolute(filled) ? [filled] : folders.map((folder) => join(folder, filled));
    const found = places.find((place) => existsSync(place));
    if (found) return found;
  }
  return null;
}
