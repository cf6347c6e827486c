import { openableLink } from '../shared/shell/policy.ts';
import type { WindowCalls } from '../shared/shell/host.ts';
import { checkOf, windowSchemas } from '../shared/shell/schema.ts';
import { PlainsealError } from '../shared/errors.ts';
import { DOWNLOAD_NAME } from '../shared/wire/page.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { link } from '../shared/wire/rpc.ts';
import { trunk } from '../shared/wire/trunk.ts';

type Nothing = Record<never, never>;

/** A connected page, seen from the shell. */
export interface PageLink {
  /** Has the page fetch a file from a path of this server. */
  download(path: string): void;
}

/** Takes the socket of a page apart: its line to core goes to `toCore`, its line to the shell is served here. */
export function attachPageLink(
  socket: Pipe,
  options: {
    readonly toCore: (pipe: Pipe) => void;
    /** Opens a link the person chose; false when this machine has no window to open it in. */
    readonly openLink: (href: string) => boolean;
  },
): PageLink {
  const lines = trunk(socket, 'parent');
  lines.opened((name, pipe) => {
    if (name === 'core') options.toCore(pipe);
    else if (name === 'shell') serveWindow(pipe, options.openLink);
    else pipe.close();
  });
  return { download: (path) => void lines.open(DOWNLOAD_NAME + path) };
}

function serveWindow(pipe: Pipe, openLink: (href: string) => boolean): void {
  link<WindowCalls, Nothing, Nothing, Nothing>({
    pipe,
    check: checkOf(windowSchemas),
    serve: {
      'link.open': ({ url }) => {
        const openable = openableLink(url);
        return openable !== null && openLink(openable.href);
      },
      'clipboard.write': () => {
        // The page has the browser's own clipboard, which asks for the person's gesture.
        throw new PlainsealError('refused', 'this shell has no clipboard');
      },
      'title.set': () => null,
      // No system hands this shell anything.
      'link.given': () => null,
    },
  });
}
