import { PlainsealError } from '../../../shared/errors.ts';
import { encodeVector, readVector } from './varint.ts';

/** The app component `marmot.group.profile.v1`. */
export const GROUP_PROFILE_COMPONENT = 0x8001;

/** What a group is called; inside MLS, no relay sees it. */
export interface GroupProfile {
  readonly name: string;
  readonly description: string;
}

const MAX_NAME_BYTES = 256;
const MAX_DESCRIPTION_BYTES = 4096;

/** The component's bytes. @throws PlainsealError `too-large`. */
export function encodeGroupProfile({ name, description }: GroupProfile): Uint8Array {
  const [nameBytes, descriptionBytes] = [Buffer.from(name, 'utf8'), Buffer.from(description, 'utf8')];
  if (nameBytes.length > MAX_NAME_BYTES || descriptionBytes.length > MAX_DESCRIPTION_BYTES)
    throw new PlainsealError('too-large', 'a group is called something shorter');
  return Buffer.concat([encodeVector(nameBytes), encodeVector(descriptionBytes)]);
}

/** Reads the component; null for anything but its exact form. */
export function readGroupProfile(bytes: Uint8Array): GroupProfile | null {
  const name = readVector(bytes, 0, MAX_NAME_BYTES);
  const description = name && readVector(bytes, name.end, MAX_DESCRIPTION_BYTES);
  if (description?.end !== bytes.length || name === null) return null;
  try {
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { name: utf8.decode(name.value), description: utf8.decode(description.value) };
  } catch {
    return null;
  }
}
