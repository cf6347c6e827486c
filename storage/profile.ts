import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { PlainsealError } from '../shared/errors.ts';
import type { Millis } from '../shared/ids.ts';
import { readSmallFile, writePrivateFile } from './durable-file.ts';
import { fileErrorKind } from './sqlite-error.ts';
import { lockFolder } from './lock.ts';

/** What makes a folder a profile; written last at creation, so a folder has it whole or is none. */
export const PROFILE_FILE = 'profile.json';
const PROFILE_FORMAT = 1;
const MAX_PROFILE_BYTES = 4 * 1024;

/** `test` profiles take test accounts only and may keep their key in a file; `live` ones neither. */
export const profileKinds = ['live', 'test'] as const;
export type ProfileKind = (typeof profileKinds)[number];

export type ProfileInfo = {
  readonly id: string;
  /** Fixed at creation. */
  readonly kind: ProfileKind;
  readonly createdAt: Millis;
};

/** A profile held by this process. */
export type Profile = ProfileInfo & {
  readonly folder: string;
  /** Lets the next process in. Close the database first. Twice is once. */
  release(): void;
};

const profileSchema = v.object({
  format: v.literal(PROFILE_FORMAT),
  id: v.pipe(v.string(), v.uuid()),
  kind: v.picklist(profileKinds),
  createdAt: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/**
 * Makes a profile out of a folder that is new or empty. Its owner alone may enter it.
 * @throws PlainsealError `conflict` when it is a profile already, `not-a-profile` when it holds anything else, `disk-full`, `read-only`, `io`.
 */
export function createProfile(options: {
  readonly folder: string;
  readonly kind: ProfileKind;
  readonly now: Millis;
}): ProfileInfo {
  const { folder, kind, now } = options;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new PlainsealError(fileErrorKind(cause), 'the profile folder cannot be made', { cause });
  }
  if (existsSync(join(folder, PROFILE_FILE))) throw new PlainsealError('conflict', 'it is a profile already');
  const others = readdirSync(folder).filter((name) => name !== `${PROFILE_FILE}.part`);
  if (others.length > 0) throw new PlainsealError('not-a-profile', 'the folder holds other files');
  chmodSync(folder, 0o700);
  const info: ProfileInfo = { id: crypto.randomUUID(), kind, createdAt: now };
  const text = JSON.stringify({ format: PROFILE_FORMAT, ...info });
  writePrivateFile(join(folder, PROFILE_FILE), new TextEncoder().encode(`${text}\n`));
  return info;
}

/**
 * What a profile says of itself; holds nothing.
 * @throws PlainsealError `not-a-profile` without a profile file, `corrupt` with a broken one, `newer-schema` with one of a newer Plainseal.
 */
export function readProfile(folder: string): ProfileInfo {
  const bytes = readSmallFile(join(folder, PROFILE_FILE), MAX_PROFILE_BYTES);
  if (bytes === null) throw new PlainsealError('not-a-profile', 'the folder has no profile file');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PlainsealError('corrupt', 'the profile file is damaged', { cause });
  }
  const newer = v.safeParse(
    v.object({ format: v.pipe(v.number(), v.integer(), v.minValue(PROFILE_FORMAT + 1)) }),
    json,
  );
  if (newer.success) throw new PlainsealError('newer-schema', 'the profile was made by a newer Plainseal');
  const parsed = v.safeParse(profileSchema, json);
  if (!parsed.success) throw new PlainsealError('corrupt', 'the profile file is damaged');
  const { id, kind, createdAt } = parsed.output;
  return { id, kind, createdAt };
}

/**
 * Takes a profile for this process. The hold ends with `release` or with the process, however that ends.
 * @throws PlainsealError `in-use` when any process, this one included, holds it; and what `readProfile` throws.
 */
export function openProfile(folder: string): Profile {
  const info = readProfile(folder);
  const release = lockFolder(folder);
  return { ...info, folder, release };
}
