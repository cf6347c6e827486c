import { posix, win32 } from 'node:path';
import type { InstallKind } from './manifest.ts';

/** Where and how the program runs. */
export type Surroundings = {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly packaged: boolean;
  /** Path of the running program. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
};

/**
 * The kind of installation that may replace itself, or null: a distribution, a shop, an administrator or the person keeps it
 * up to date. What is not known for certain is null.
 */
export function installKind(around: Surroundings): InstallKind | null {
  const { platform, arch, packaged } = around;
  if (!packaged || (arch !== 'x64' && arch !== 'arm64')) return null;
  if (platform === 'linux') return isAppImage(around) ? `appimage-${arch}` : null;
  if (platform === 'win32') return isOwnSetup(around) ? `nsis-${arch}` : null;
  return platform === 'darwin' && isApplication(around) ? 'dmg-universal' : null;
}

/** An AppImage names its own file and the folder it is mounted at, where the program runs from. */
function isAppImage({ env, program }: Surroundings): boolean {
  const { APPIMAGE, APPDIR, FLATPAK_ID, SNAP } = env;
  if (FLATPAK_ID !== undefined || SNAP !== undefined) return false;
  if (!APPIMAGE || !APPDIR || !posix.isAbsolute(APPIMAGE) || !posix.isAbsolute(APPDIR)) return false;
  return program.startsWith(`${APPDIR}/`);
}

/** Our own set-up leaves its uninstaller beside the program; an .msi and the portable program do not. */
function isOwnSetup({ env, program, exists }: Surroundings): boolean {
  if (env.PORTABLE_EXECUTABLE_FILE !== undefined) return false;
  return exists(win32.join(win32.dirname(program), 'Uninstall Plainseal.exe'));
}

/** In a folder of applications; not from the image itself, not from the App Store. */
function isApplication({ program, exists }: Surroundings): boolean {
  const bundle = /^((?:\/Users\/[^/]+)?\/Applications\/[^/]+\.app)\//.exec(program)?.[1];
  return bundle !== undefined && !exists(`${bundle}/Contents/_MASReceipt`);
}
