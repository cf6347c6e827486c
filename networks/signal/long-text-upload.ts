import type { NetworkKey } from '../../shared/ids.ts';
import { emptyCommit, type CommitResult } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import { LONG_TEXT_TYPE } from './codec/numbers.ts';
import { readLongText, writeLongText } from './long-text.ts';
import { commit, isTrouble, type Performing } from './performing.ts';
import type { Trouble } from './service/service.ts';

/**
 * Stores the whole text of a message with the server, sealed under a key of its own, and keeps where it lies: sealing the message
 * again names the same file.
 */
export async function upload(
  performing: Performing,
  message: NetworkKey,
  text: string,
): Promise<
  | { readonly kind: 'uploaded' }
  | { readonly kind: 'commit-failed'; readonly result: Extract<CommitResult, { readonly ok: false }> }
  | Trouble
> {
  const via = performing.service();
  if (via === null) return { kind: 'offline' };
  const bytes = Buffer.from(text);
  const { sealed, key, digest } = performing.sealFile(bytes);
  const stored = await via.upload(sealed);
  if (isTrouble(stored)) return stored;
  const work = createWork(performing.context.view);
  await readLongText(work, message);
  writeLongText(work, message, {
    cdn: stored.cdn,
    id: stored.id,
    key,
    digest,
    size: bytes.length,
    type: LONG_TEXT_TYPE,
    name: null,
    flags: 0,
  });
  const result = await commit(performing.context, { ...emptyCommit, work: work.writes() });
  return result.ok ? { kind: 'uploaded' } : { kind: 'commit-failed', result };
}
