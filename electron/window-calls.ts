import { clipboard, shell, type BrowserWindow } from 'electron';
import type { WindowCalls } from '../shared/shell/host.ts';
import { openableLink } from '../shared/shell/policy.ts';
import { checkOf, windowSchemas } from '../shared/shell/schema.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { link } from '../shared/wire/rpc.ts';
import { askBox } from './ask-box.ts';

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
        const isAllowed = await askBox(window, {
          message: `Open ${openable.host}?`,
          detail: openable.href,
          no: 'Do not',
          yes: 'Open',
        });
        if (!isAllowed) return false;
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
