import { dialog, type BrowserWindow } from 'electron';
import { createSay } from '../shared/words/say.ts';

/** Asks whether the page may use the camera, for the code it is about to read and nothing after. */
export async function askCamera(window: BrowserWindow): Promise<boolean> {
  const say = createSay('en', 'en-GB');
  const { response } = await dialog.showMessageBox(window, {
    message: say('scan.ask'),
    detail: say('scan.ask.means'),
    buttons: [say('confirm.no'), say('scan.camera')],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  });
  return response === 1;
}
