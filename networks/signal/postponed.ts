import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';
import type { AttachmentPointer } from './codec/content.ts';
import { fileName, type FetchedFile } from './fetched-files.ts';
import type { Delivery } from './service/service.ts';

/** Pauses before each further try. After the last a message is shown without what could not be fetched. */
const PAUSES_MS: readonly Millis[] = [5_000, 30_000, 120_000, 600_000];
/**
 * Most that wait at one time, of one person and of all: the server hands over no more once some hundred deliveries are not acknowledged, and
 * nobody is to bring that about.
 */
const MOST_OF_ONE = 5;
const MOST = 50;

/** Deliveries whose file could not be had: not acknowledged, and taken in again once it is there, or was tried often enough. */
export interface Postponed {
  /** False when too many wait. */
  take(delivery: Delivery, from: ServiceId, file: AttachmentPointer): boolean;
  /** What came of fetching for a delivery that is taken in again, told once; undefined for any other file. */
  fetched(file: AttachmentPointer): FetchedFile | undefined;
  /** Lets go of all: the server gives them again on the next connection. */
  close(): void;
}

/** `fetch` runs beside receiving, so that nothing waits for a server that is slow to say no; `again`: its time has come. */
export function createPostponed(of: {
  readonly fetch: (file: AttachmentPointer) => Promise<FetchedFile>;
  readonly again: (delivery: Delivery) => void;
}): Postponed {
  interface Waiting {
    readonly delivery: Delivery;
    readonly from: ServiceId;
    readonly file: AttachmentPointer;
    timer?: ReturnType<typeof setTimeout>;
  }
  const waiting = new Set<Waiting>();
  const came = new Map<string, FetchedFile>();

  function wait(one: Waiting, tries: number): void {
    one.timer = setTimeout(() => void tryAgain(one, tries), PAUSES_MS[tries]);
  }

  async function tryAgain(one: Waiting, tries: number): Promise<void> {
    const fetched = await of.fetch(one.file);
    if (!waiting.has(one)) return;
    if (fetched.kind === 'later' && tries + 1 < PAUSES_MS.length) return wait(one, tries + 1);
    waiting.delete(one);
    came.set(fileName(one.file), fetched.kind === 'file' ? fetched : { kind: 'never' });
    of.again(one.delivery);
  }

  return {
    take(delivery, from, file) {
      const ofOne = [...waiting].filter((one) => one.from === from).length;
      if (ofOne >= MOST_OF_ONE || waiting.size >= MOST) return false;
      const one: Waiting = { delivery, from, file };
      waiting.add(one);
      wait(one, 0);
      return true;
    },
    fetched(file) {
      const name = fileName(file);
      const fetched = came.get(name);
      came.delete(name);
      return fetched;
    },
    close() {
      for (const { timer } of waiting) clearTimeout(timer);
      waiting.clear();
      came.clear();
    },
  };
}
