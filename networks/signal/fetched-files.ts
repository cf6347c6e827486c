import type { LaneContext } from '../../shared/lane/lane.ts';
import type { AttachmentPointer } from './codec/content.ts';
import { MAX_LONG_TEXT_BYTES } from './long-text.ts';
import { isTrouble } from './performing.ts';
import type { FetchedFiles, Reception } from './receiving.ts';
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

/** What came of fetching a file. `later`: the network or the server is in trouble just now. `never`: it is not there, or not what was sent. */
export type FetchedFile =
  { readonly kind: 'file'; readonly bytes: Uint8Array } | { readonly kind: 'later' | 'never' };

/** By what a file is known. */
export const fileName = ({ cdn, id, digest }: AttachmentPointer): string =>
  `${cdn}/${id}/${Buffer.from(digest).toString('hex')}`;

/** What is fetched for one batch. */
export interface FileStore extends FetchedFiles {
  /** Fetches and opens what was not tried, or could not be had just then; gives of which that is still so. Never throws. */
  fetch(pointers: readonly AttachmentPointer[]): Promise<readonly AttachmentPointer[]>;
  /** Goes on without it: it is waited for no more. */
  giveUp(pointer: AttachmentPointer): void;
}

export function createFetchedFiles(via: Via & Pick<Reception, 'postponed'>): FileStore {
  const known = new Map<string, Uint8Array | null>();
  return {
    get: (pointer) => known.get(fileName(pointer)),
    async fetch(pointers) {
      const later: AttachmentPointer[] = [];
      for (const pointer of pointers) {
        const name = fileName(pointer);
        if (known.has(name)) continue;
        const early = via.postponed.fetched(pointer);
        const fetched = early ?? (await fetchFile(via, pointer, MAX_LONG_TEXT_BYTES));
        if (fetched.kind === 'later') later.push(pointer);
        else known.set(name, fetched.kind === 'file' ? fetched.bytes : null);
      }
      return later;
    },
    giveUp: (pointer) => void known.set(fileName(pointer), null),
  };
}

/** A file from the server, its digest checked, opened; `never` also for one larger than `maxBytes`. Never throws. */
export async function fetchFile(
  { context, service, openFile }: Via,
  pointer: AttachmentPointer,
  maxBytes: number,
): Promise<FetchedFile> {
  const without = (kind: 'later' | 'never', why: string): FetchedFile => {
    context.log('file-not-fetched', { why });
    return { kind };
  };
  try {
    if (pointer.size > maxBytes) return without('never', 'too-large');
    const answer = await service.download(pointer, sealedAtMost(maxBytes));
    if (isTrouble(answer)) return without('later', answer.kind);
    if (answer.kind !== 'bytes') return without('never', answer.kind);
    const bytes = openFile(answer.bytes, pointer);
    return bytes === null ? without('never', 'not-opened') : { kind: 'file', bytes };
  } catch (error) {
    return without('never', error instanceof Error ? error.name : 'unknown');
  }
}
