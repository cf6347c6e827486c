import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { newSecret, oneTimeToken, TOKEN_LIFE_MS, type OneTimeToken } from './session.ts';

/** A local page, readable by its owner alone, that carries the person's browser to a loopback server with a one-time token: the token is in no address, no argument and no history. */
export interface Entry {
  /** `file:` address of the page. */
  readonly url: string;
  /** Takes the token, and with it the page away. */
  take(given: string): boolean;
  /** Takes the page away unused. */
  drop(): Promise<void>;
}

const page = (action: string, token: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>Plainseal</title>
<form method="post" action="${action}"><input type="hidden" name="token" value="${token}"><noscript><button>Open Plainseal</button></noscript></form>
<script>document.forms[0].submit()</script>
</html>
`;

/** Writes an entry page into `folder` (mode 0600) that leads to `action`; it is deleted on first use or after {@link TOKEN_LIFE_MS}. */
export async function writeEntry(folder: string, action: string): Promise<Entry> {
  const token: OneTimeToken = oneTimeToken();
  const file = join(folder, `${newSecret().slice(0, 16)}.html`);
  await writeFile(file, page(action, token.text), { mode: 0o600, flag: 'wx' });
  const drop = (): Promise<void> => {
    clearTimeout(timer);
    return rm(file, { force: true });
  };
  const timer = setTimeout(() => void drop(), TOKEN_LIFE_MS);
  timer.unref();
  return {
    url: pathToFileURL(file).href,
    take(given) {
      if (!token.take(given)) return false;
      void drop();
      return true;
    },
    drop,
  };
}
