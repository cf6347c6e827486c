import type { App } from 'electron';
import { outsideSchemes } from '../shared/shell/outside-link.ts';

/**
 * On Windows, where no installer of ours does it, registers the schemes that no other program has. `--` goes before the link: nothing in it
 * can then be an option of Chromium's, however a program that opens it treats quotes. Elsewhere the package says what it opens.
 */
export function registerSchemes(
  app: Pick<App, 'isPackaged' | 'getApplicationNameForProtocol' | 'setAsDefaultProtocolClient'>,
  system: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  // A portable copy leaves no trace on the computer.
  if (system !== 'win32' || !app.isPackaged || env['PORTABLE_EXECUTABLE_DIR'] !== undefined) return;
  for (const scheme of outsideSchemes)
    if (app.getApplicationNameForProtocol(`${scheme}:`) === '')
      app.setAsDefaultProtocolClient(scheme, process.execPath, ['--']);
}
