import { app, type BrowserWindow } from 'electron';
import { createSay } from '../shared/words/say.ts';
import { askBox } from './ask-box.ts';

/** A page that dies again within this long does not come back by itself: it would only flicker. In ms. */
const AGAIN_AFTER_MS = 60_000;

/**
 * Brings back a page whose process died: the first time at once, after that when the person says so. One that does not answer is
 * the person's to wait for. Nothing is lost with a page: core has it all.
 */
export function recoverPage(window: BrowserWindow, now: () => number = () => performance.now()): void {
  const say = createSay('en', 'en-GB');
  let lastAt = -Infinity;
  /** One question at a time, and gone once the page answers again. */
  let asking: AbortController | null = null;

  async function ask(
    words: { readonly message: string; readonly no: string },
    decided: (again: boolean) => void,
  ): Promise<void> {
    if (asking) return;
    const question = (asking = new AbortController());
    const yes = await askBox(window, {
      type: 'warning',
      ...words,
      detail: say('shell.page.kept'),
      yes: say('shell.page.again'),
      enter: 'yes',
      signal: question.signal,
    });
    asking = null;
    if (!question.signal.aborted) decided(yes);
  }

  const again = (): void => {
    lastAt = now();
    window.webContents.reload();
  };
  window.webContents.on('render-process-gone', (_, { reason }) => {
    asking?.abort();
    if (reason === 'clean-exit') return;
    if (now() - lastAt >= AGAIN_AFTER_MS) return again();
    void ask({ message: say('shell.page.gone'), no: say('shell.quit') }, (yes) =>
      yes ? again() : app.quit(),
    );
  });
  window.on('unresponsive', () => {
    void ask({ message: say('shell.page.still'), no: say('shell.page.wait') }, (yes) => yes && again());
  });
  window.on('responsive', () => asking?.abort());
}
