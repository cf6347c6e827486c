import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { dialog, type BrowserWindow } from 'electron';
import { PlainsealError } from '../shared/errors.ts';
import type { GrantId } from '../shared/ids.ts';
import type { HostCalls } from '../shared/shell/host.ts';

type Opened = HostCalls['grant.open']['result'];

/** Files the person chose in a dialog: core gets a grant, and only for it the path. */
export interface Grants {
  pick(window: BrowserWindow): Promise<HostCalls['file.pick']['result']>;
  /** Null when the person closed the dialog. */
  save(window: BrowserWindow, name: string): Promise<GrantId | null>;
  /** @throws PlainsealError `not-found` for no grant. */
  open(grant: GrantId): Opened;
  close(grant: GrantId): void;
}

/** An empty table of grants. */
export function createGrants(): Grants {
  const granted = new Map<GrantId, Opened>();
  const grant = (path: string, mode: Opened['mode']): GrantId => {
    const id = randomUUID() as string as GrantId;
    granted.set(id, { path, mode });
    return id;
  };
  return {
    async pick(window) {
      const { filePaths } = await dialog.showOpenDialog(window, {
        properties: ['openFile', 'multiSelections'],
      });
      return Promise.all(
        filePaths.map(async (path) => ({
          grant: grant(path, 'read'),
          name: basename(path),
          size: (await stat(path)).size,
        })),
      );
    },
    async save(window, name) {
      // Only the last part: a name of others must not choose the folder.
      const { filePath } = await dialog.showSaveDialog(window, { defaultPath: basename(name) });
      return filePath ? grant(filePath, 'write') : null;
    },
    open(id) {
      const opened = granted.get(id);
      if (!opened) throw new PlainsealError('not-found', 'no such grant');
      return opened;
    },
    close: (id) => void granted.delete(id),
  };
}
