import type { LaneContext } from '../../shared/lane/lane.ts';
import type { AttachmentPointer } from './codec/content.ts';
import { MAX_LONG_TEXT_BYTES } from './long-text.ts';
import type { FetchedFiles } from './receiving.ts';
import type { SignalService } from './service/service.ts';

/** Room for initialization vector, padding and MAC around a file, and for the padding that hides its size. */
const SEALED_EXTRA_BYTES = 1_024;
const PADDED_BY = 1.1;

/** Most bytes a file of `bytes` takes on the server. */
export const sealedAtMost = (bytes: number): number => Math.ceil(bytes * PADDED_BY) + SEALED_EXTRA_BYTES;

/** Opens what lies on the server, its digest checked (crypto/signal/attachment.ts); null for what is not what was sent. */
export type OpenFile = (sealed: Uint8Array, pointer: AttachmentPointer) => Uint8Array | null;

interface Via {
  readonly context: Pick<LaneContext, 'log'>;
  readonly service: SignalService;
  readonly openFile: OpenFile;
}

/** What is fetched for one batch. */
export interface FileStore extends FetchedFiles {
  /** Fetches and opens; what cannot be had is remembered as that. Never throws. */
  fetch(pointers: readonly AttachmentPointer[]): Promise<void>;
}

export function createFetchedFiles(via: Via): FileStore {
  const known = new Map<string, Uint8Array | null>();
  const nameOf = ({ cdn, id, digest }: AttachmentPointer): string =>
    `${cdn}/${id}/${Buffer.from(digest).toString('hex')}`;
  return {
    get: (pointer) => known.get(nameOf(pointer)),
    async fetch(pointers) {
      for (const pointer of pointers)
        if (!known.has(nameOf(pointer)))
          known.set(nameOf(pointer), await fetchFile(via, pointer, MAX_LONG_TEXT_BYTES));
    },
  };
}

/** A file from the server, its digest checked, opened. Null when it cannot be had, is larger than `maxBytes`, or is not what was sent. */
export async function fetchFile(
  { context, service, openFile }: Via,
  pointer: AttachmentPointer,
  maxBytes: number,
): Promise<Uint8Array | null> {
  try {
    if (pointer.size > maxBytes) return failed(context, 'too-large');
    const answer = await service.download(pointer, sealedAtMost(maxBytes));
    if (answer.kind !== 'bytes') return failed(context, answer.kind);
    return openFile(answer.bytes, pointer) ?? failed(context, 'not-opened');
  } catch (error) {
    return failed(context, error instanceof Error ? error.name : 'unknown');
  }
}

function failed(context: Pick<LaneContext, 'log'>, why: string): null {
  context.log('file-not-fetched', { why });
  return null;
}
