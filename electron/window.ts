import { BrowserWindow, session } from 'electron';
import { APP_ORIGIN } from '../shared/wire/page.ts';
import { lockNavigation } from './navigation.ts';
import { lockPermissions } from './permission.ts';
import { confineSession } from './protocol.ts';

/** In memory only: the page keeps nothing, core does. */
const PAGE_PARTITION = 'page';

/** Opens the page's window. `page`: folder of the built page; `preload`: path of the built preload script. */
export function openPageWindow(page: string, preload: string): BrowserWindow {
  const own = session.fromPartition(PAGE_PARTITION);
  confineSession(own, page);
  lockPermissions(own);
  own.setSpellCheckerEnabled(false);
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
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  lockNavigation(window.webContents);
  window.once('ready-to-show', () => window.show());
  reloadWhenGone(window);
  void window.loadURL(`${APP_ORIGIN}/`);
  return window;
}

/** A page whose process died comes back once by itself; one that dies again at once would only flicker. */
function reloadWhenGone(window: BrowserWindow): void {
  const AGAIN_AFTER_MS = 60_000;
  let lastAt = -Infinity;
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason === 'clean-exit' || performance.now() - lastAt < AGAIN_AFTER_MS) return;
    lastAt = performance.now();
    window.webContents.reload();
  });
}
