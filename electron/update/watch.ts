import { existsSync } from 'node:fs';
import { app, dialog, shell, type BrowserWindow } from 'electron';
import { kindOf } from '../../shared/errors.ts';
import { createSay } from '../../shared/words/say.ts';
import { askBox } from '../ask-box.ts';
import { replaceAppImage } from './appimage.ts';
import { installKind } from './install-kind.ts';
import { lookForUpdate, takeUpdate, type LookOrder } from './look.ts';
import type { InstallKind } from './manifest.ts';
import { updateSource } from './source.ts';

const FIRST_LOOK_MS = 60_000;
const EVERY_MS = 12 * 3_600_000;

/** Looks for updates while the program runs: only where a maintainer named a channel, and only where nobody else keeps it up to date. */
export function watchUpdates(window: () => BrowserWindow | null): void {
  const kind = installKind({
    platform: process.platform,
    arch: process.arch,
    packaged: app.isPackaged,
    program: process.execPath,
    env: process.env,
    exists: existsSync,
  });
  if (updateSource === null || kind === null) return;
  const source = updateSource;
  const look = async (): Promise<void> => {
    const order = {
      source,
      kind,
      version: app.getVersion(),
      folder: app.getPath('userData'),
      now: Date.now(),
    };
    try {
      await offer(order, window());
    } catch (error) {
      console.error(`shell: no update: ${kindOf(error)}`);
    } finally {
      setTimeout(() => void look(), EVERY_MS).unref();
    }
  };
  setTimeout(() => void look(), FIRST_LOOK_MS).unref();
}

/** Looks once; what is offered the person may take, and only then is it fetched. */
async function offer(order: LookOrder, window: BrowserWindow | null): Promise<void> {
  const found = await lookForUpdate(order);
  if (found.kind !== 'offer' || !window) return;
  const say = createSay('en', 'en-GB');
  const { version } = found;
  const isWanted = await askBox(window, {
    message: say('update.offer', { version }),
    detail: say('update.offer.means'),
    no: say('confirm.later'),
    yes: say('update.offer.yes'),
    enter: 'yes',
  });
  if (!isWanted) return;
  try {
    await install(order.kind, await takeUpdate(order, found.file));
    await dialog.showMessageBox(window, { message: say('update.ready', { version }), noLink: true });
  } catch {
    await dialog.showMessageBox(window, { type: 'error', message: say('update.failed'), noLink: true });
  }
}

/** An AppImage takes the place of the running one; an installer is opened, and asks on its own. */
async function install(kind: InstallKind, path: string): Promise<void> {
  const { APPIMAGE } = process.env;
  if (kind.startsWith('appimage') && APPIMAGE !== undefined) replaceAppImage(path, APPIMAGE);
  else if ((await shell.openPath(path)) !== '') throw new Error('the installer could not be opened');
}
