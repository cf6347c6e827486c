import { dialog, type BrowserWindow, type MessageBoxOptions } from 'electron';

/**
 * Asks in a box of the system over a window. Closing it is a no; so is `signal`, which takes it away.
 * @param of.enter what the enter key says, `no` where absent
 */
export async function askBox(
  window: BrowserWindow,
  of: Pick<MessageBoxOptions, 'type' | 'signal'> & {
    readonly message: string;
    readonly detail: string;
    readonly no: string;
    readonly yes: string;
    readonly enter?: 'yes';
  },
): Promise<boolean> {
  const { no, yes, enter, ...shown } = of;
  const { response } = await dialog.showMessageBox(window, {
    ...shown,
    buttons: [no, yes],
    defaultId: enter === 'yes' ? 1 : 0,
    cancelId: 0,
    noLink: true,
  });
  return response === 1 && shown.signal?.aborted !== true;
}
