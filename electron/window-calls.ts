import { clipboard, dialog, shell, type BrowserWindow } from 'electron';
import type { WindowCalls } from '../shared/shell/host.ts';
import { openableLink } from '../shared/shell/policy.ts';
import { checkOf, windowSchemas } from '../shared/shell/schema.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { link } from '../shared/wire/rpc.ts';

type Nothing = Record<never, never>;

/** Serves the page's own line to the shell. */
export function serveWindow(pipe: Pipe, window: BrowserWindow): void {
  link<WindowCalls, Nothing, Nothing, Nothing>({
    pipe,
    check: checkOf(windowSchemas),
    serve: {
      'link.open': async ({ url }) => {
        const openable = openableLink(url);
        if (!openable) return false;
        const { response } = await dialog.showMessageBox(window, {
          message: `Open ${openable.host}?`,
          detail: openable.href,
          buttons: ['Do not', 'Open'],
          defaultId: 0,
          cancelId: 0,
          noLink: true,
        });
        if (response !== 1) return false;
        await shell.openExternal(openable.href);
        return true;
      },
      'clipboard.write': async ({ text }) => {
        await clipboard.writeText(text);
        return null;
      },
      'title.set': ({ unread }) => {
        window.setTitle(unread > 0 ? `(${unread}) Plainseal` : 'Plainseal');
        return null;
      },
    },
  });
}
