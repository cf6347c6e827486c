import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fetchBytes, fetchFile, type Trust } from './fetch.ts';
import {
  MAX_MANIFEST_BYTES,
  readManifest,
  type InstallKind,
  type ReadManifest,
  type UpdateFile,
} from './manifest.ts';
import { newestAfter, offerOf, type Offer } from './offer.ts';
import { openSource, type UpdateSource } from './source.ts';
import { readState, writeState } from './state.ts';

/** What a look at the channel needs. `folder`: where state and files are kept, the person's own. */
export type LookOrder = {
  readonly source: UpdateSource;
  readonly kind: InstallKind;
  readonly version: string;
  readonly folder: string;
  readonly now: number;
  readonly trust?: Trust;
};
/** What came of a look. */
export type Look = Offer | Extract<ReadManifest, { readonly kind: 'refused' }>;

/** Looks at the channel once. @throws Error when its server cannot be reached, or is not who it says. */
export async function lookForUpdate({ source, kind, version, folder, now, trust }: LookOrder): Promise<Look> {
  const { address, key } = openSource(source);
  const read = readManifest(await fetchBytes(address, MAX_MANIFEST_BYTES, trust), key);
  if (read.kind === 'refused') return read;
  const state = readState(folder, source.channel);
  const offer = offerOf(read.manifest, { kind, version, ...state }, now);
  // A manifest of another channel or another time says nothing about what is newest here.
  const counts =
    offer.kind === 'offer' || (offer.reason !== 'wrong-channel' && offer.reason !== 'not-valid-now');
  if (counts) writeState(folder, { ...state, newestSeen: newestAfter(read.manifest, state.newestSeen) });
  return offer;
}

/** Fetches what was offered into the folder. Its path, once it is whole and what was signed. @throws Error otherwise. */
export async function takeUpdate({ source, folder, trust }: LookOrder, file: UpdateFile): Promise<string> {
  const own = join(folder, 'update');
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { mode: 0o700 });
  const path = join(own, file.name);
  try {
    await fetchFile(new URL(file.name, openSource(source).address), file, path, trust);
    return path;
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    throw error;
  }
}
