import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPackage } from '@electron/asar';
import { FuseState, FuseV1Options } from '@electron/fuses';
import { identity } from './identity.ts';

/** What Electron's binary has before its fuses (electron/build/fuses/build.py); one more copy of it would be a second wire. */
const SENTINEL = ['dL7pKGdnNz796Pbb', 'jQWNKmHXBZaB9tsX'].join('');
const WIRE_VERSION = 1;
/** A program that every Debian has, so that what is packed is a program. */
const ANY_PROGRAM = '/bin/true';

/** How many fuses this version of @electron/fuses knows. */
export const knownFuses = Object.values(FuseV1Options).filter((value) => typeof value === 'number').length;

/** The fuses as a binary holds them, all off. */
export const fuseWire = (count = knownFuses): Buffer =>
  Buffer.concat([
    Buffer.from(SENTINEL),
    Buffer.from([WIRE_VERSION, count]),
    Buffer.alloc(count, FuseState.DISABLE),
  ]);

/**
 * Makes a folder that electron-builder takes for Electron on Linux: its files by name, a program that does nothing, fuses to
 * be set. What is packed with it does not run; everything of ours in the package is as it will be.
 */
export async function makeStandIn(folder: string, scratch: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'resources'), { recursive: true });
  mkdirSync(join(folder, 'locales'));
  writeFileSync(join(folder, 'electron'), Buffer.concat([readFileSync(ANY_PROGRAM), fuseWire()]));
  for (const program of ['chrome-sandbox', 'chrome_crashpad_handler'])
    copyFileSync(ANY_PROGRAM, join(folder, program));
  for (const program of ['electron', 'chrome-sandbox', 'chrome_crashpad_handler'])
    chmodSync(join(folder, program), 0o755);
  writeFileSync(join(folder, 'version'), identity.electron);
  writeFileSync(join(folder, 'LICENSE'), "Here stands Electron's licence.\n");
  writeFileSync(join(folder, 'LICENSES.chromium.html'), "<p>Here stand Chromium's licences.</p>\n");
  for (const language of ['en-US', 'de', 'ja'])
    writeFileSync(join(folder, `locales/${language}.pak`), `stand-in ${language}`);
  const emptyApp = join(scratch, 'default-app');
  mkdirSync(emptyApp, { recursive: true });
  writeFileSync(join(emptyApp, 'package.json'), '{"name":"electron","main":"main.js"}');
  writeFileSync(join(emptyApp, 'main.js'), '');
  await createPackage(emptyApp, join(folder, 'resources/default_app.asar'));
}
