import { clipboard, shell, type BrowserWindow } from 'electron';
import type { WindowCalls, WindowEvents } from '../shared/shell/host.ts';
import { openableLink } from '../shared/shell/policy.ts';
import { checkOf, windowSchemas } from '../shared/shell/schema.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { link, type Link } from '../shared/wire/rpc.ts';
import { createSay } from '../shared/words/say.ts';
import { askBox } from './ask-box.ts';

type Nothing = Record<never, never>;

/** Serves the page's own line to the shell. `linkGiven`: the link from outside that the page may have now. */
export function serveWindow(
  pipe: Pipe,
  window: BrowserWindow,
  linkGiven: () => string | null,
): Link<Nothing, WindowEvents, Nothing> {
  const say = createSay('en', 'en-GB');
  return link<WindowCalls, Nothing, WindowEvents, Nothing>({
    pipe,
    check: checkOf(windowSchemas),
    serve: {
      'link.open': async ({ url }) => {
        const openable = openableLink(url);
        if (!openable) return false;
        const isAllowed = await askBox(window, {
          message: say('link.ask', { host: openable.host }),
          detail: openable.href,
          no: say('confirm.no'),
          yes: say('link.ask.yes'),
        });
        if (!isAllowed) return false;
        await shell.openExternal(openable.href);
        return true;
      },
      'clipboard.write': async ({ text }) => {
        await clipboard.writeText(text);
        return null;
      },
      'link.given': linkGiven,
      'title.set': ({ unread }) => {
        window.setTitle(unread > 0 ? `(${unread}) Plainseal` : 'Plainseal');
        return null;
      },
    },
  });
}
