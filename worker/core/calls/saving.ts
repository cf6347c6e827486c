import { open, type FileHandle } from 'node:fs/promises';
import { PlainsealError } from '../../../shared/errors.ts';
import type { CallScope } from './scope.ts';

/**
 * Writes a file where the person says, in the shell's dialog; false when they say nowhere. `write` gets it open and empty.
 * @throws PlainsealError `refused` for a grant that is not for writing, `io`.
 */
export async function saveFile(
  of: CallScope,
  name: string,
  write: (target: FileHandle) => Promise<void>,
): Promise<boolean> {
  const grant = await of.host.call('file.save', { name });
  if (grant === null) return false;
  const { path, mode } = await of.host.call('grant.open', { grant });
  if (mode !== 'write') throw new PlainsealError('refused', 'this grant is not for writing');
  const target = await open(path, 'w', 0o600).catch((cause: unknown) => {
    throw new PlainsealError('io', 'the file cannot be written', { cause });
  });
  try {
    await write(target);
    await target.sync();
  } finally {
    await target.close();
    await of.host.call('grant.close', { grant }).catch(() => undefined);
  }
  return true;
}
