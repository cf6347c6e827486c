import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { channels, type Channel } from './manifest.ts';

const stateSchema = v.strictObject({
  channel: v.picklist(channels),
  newestSeen: v.nullable(v.string()),
  dice: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
});

/** What an installation remembers between looks. */
export type UpdateState = v.InferOutput<typeof stateSchema>;

const fileIn = (folder: string): string => join(folder, 'update.json');

/** Reads what is remembered; another channel's, or what cannot be read, begins anew. */
export function readState(folder: string, channel: Channel): UpdateState {
  const fresh: UpdateState = { channel, newestSeen: null, dice: randomBytes(16).toString('hex') };
  try {
    const state = v.parse(stateSchema, JSON.parse(readFileSync(fileIn(folder), 'utf8')));
    return state.channel === channel ? state : fresh;
  } catch {
    return fresh;
  }
}

/** Remembers; a crash leaves the old or the new, never half of one. */
export function writeState(folder: string, state: UpdateState): void {
  const beside = `${fileIn(folder)}.new`;
  writeFileSync(beside, JSON.stringify(state), { mode: 0o600 });
  renameSync(beside, fileIn(folder));
}
