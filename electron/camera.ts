import type { BrowserWindow } from 'electron';
import { createSay } from '../shared/words/say.ts';
import { askBox } from './ask-box.ts';

/** Asks whether the page may use the camera, for the code it is about to read and nothing after. */
export function askCamera(window: BrowserWindow): Promise<boolean> {
  const say = createSay('en', 'en-GB');
  return askBox(window, {
    message: say('scan.ask'),
    detail: say('scan.ask.means'),
    no: say('confirm.no'),
    yes: say('scan.camera'),
  });
}
