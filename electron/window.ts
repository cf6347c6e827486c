import { BrowserWindow, session } from 'electron';
import { APP_ORIGIN } from '../shared/wire/page.ts';
import { askCamera } from './camera.ts';
import { confinedPreferences, confineSession, lockContents } from './confined.ts';
import { servePage } from './protocol.ts';
import { recoverPage } from './recovery.ts';

/** In memory only: the page keeps nothing, core does. */
const PAGE_PARTITION = 'page';

/** Opens the page's window. `page`: folder of the built page; `preload`: path of the built preload script. */
export function openPageWindow(page: string, preload: string): BrowserWindow {
  const own = session.fromPartition(PAGE_PARTITION);
  confineSession(own, {
    origin: APP_ORIGIN,
    serve: ({ url, method }) => servePage(page, url, method),
    // The one window in which a code is scanned.
    askCamera: () => askCamera(window),
  });
  const window = new BrowserWindow({
    width: 1_120,
    height: 760,
    minWidth: 480,
    minHeight: 480,
    show: false,
    title: 'Plainseal',
    webPreferences: {
      session: own,
      preload,
      ...confinedPreferences,
    },
  });
  lockContents(window.webContents);
  window.once('ready-to-show', () => window.show());
  recoverPage(window);
  void window.loadURL(`${APP_ORIGIN}/`);
  return window;
}
