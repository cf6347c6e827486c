import { chmodSync, closeSync, copyFileSync, openSync, readSync, renameSync, rmSync } from 'node:fs';

/** ELF, and behind it "AI" and the format's number (AppImage specification, type 2). */
const isAppImage = (head: Buffer): boolean =>
  head.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1')) &&
  head.subarray(8, 11).equals(Buffer.from('AI\x02', 'latin1'));

/**
 * Puts a new AppImage in the place of the one that runs, which goes on from what it has open. In one step: there is always a
 * whole one.
 * @throws Error when either is no AppImage, or the place cannot be written.
 */
export function replaceAppImage(fresh: string, running: string): void {
  for (const path of [fresh, running]) if (!isAppImage(headOf(path))) throw new Error('not an AppImage');
  const beside = `${running}.new`;
  try {
    copyFileSync(fresh, beside);
    chmodSync(beside, 0o755);
    renameSync(beside, running);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

function headOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(11);
    readSync(file, head);
    return head;
  } finally {
    closeSync(file);
  }
}
