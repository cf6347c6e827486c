import type { Extension } from 'ts-mls';
import { Malformed, readWhole, u16, vector, vectorOf } from './bytes.ts';

/** Extension type of the AppDataDictionary (draft-ietf-mls-extensions): in GroupContext, leaf and key package. */
export const DICTIONARY = 0x0006;

/** Components of the draft itself. */
export const APP_COMPONENTS = 0x0001;
export const LAST_RESORT = 0x0004;

/** What an application keeps in MLS objects, by component id. */
export type Components = ReadonlyMap<number, Uint8Array>;

/** A dictionary: entries sorted by id, each once. */
export const encodeDictionary = (components: Components): Uint8Array =>
  vectorOf([...components].toSorted(([a], [b]) => a - b).flatMap(([id, data]) => [u16(id), vector(data)]));

/** @throws Malformed unless ids rise strictly. */
export function decodeDictionary(bytes: Uint8Array): Components {
  const entries = readWhole(bytes, (from) =>
    from.list((entry) => [entry.u16(), Uint8Array.from(entry.vector())] as const),
  );
  rising(entries.map(([id]) => id));
  return new Map(entries);
}

/** A list of ids, as in the component `app_components`. */
export const encodeIds = (ids: readonly number[]): Uint8Array =>
  vectorOf([...new Set(ids)].toSorted((a, b) => a - b).map(u16));

/** @throws Malformed unless the ids rise strictly. */
export function decodeIds(bytes: Uint8Array): readonly number[] {
  return rising(readWhole(bytes, (from) => from.list((entry) => entry.u16())));
}

function rising(ids: readonly number[]): readonly number[] {
  if (ids.some((id, n) => n > 0 && id <= (ids[n - 1] ?? 0))) throw new Malformed('ids out of order');
  return ids;
}

/** The components of an object with extensions; none without a dictionary. @throws Malformed. */
export function componentsOf(extensions: readonly Extension[]): Components {
  const found = extensions.find(({ extensionType }) => extensionType === DICTIONARY);
  return found === undefined ? new Map() : decodeDictionary(found.extensionData);
}

/** The extensions with another dictionary in place of theirs, or after them. */
export function withComponents(extensions: readonly Extension[], components: Components): Extension[] {
  const dictionary: Extension = {
    extensionType: DICTIONARY,
    extensionData: encodeDictionary(components),
  };
  const at = extensions.findIndex(({ extensionType }) => extensionType === DICTIONARY);
  return at < 0 ? [...extensions, dictionary] : extensions.with(at, dictionary);
}
