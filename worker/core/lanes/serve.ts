import { PlainsealError } from '../../../shared/errors.ts';
import type { AccountId, FileId, Millis } from '../../../shared/ids.ts';
import type { Commit, CommitResult } from '../../../shared/lane/commit.ts';
import type { CrashPoint, FileMeta } from '../../../shared/lane/lane.ts';
import type { CoreCalls } from '../../../shared/lane/protocol.ts';
import { MAX_LANE_FILE } from '../../../shared/lane/schema.ts';
import type { Handlers } from '../../../shared/wire/rpc.ts';
import type { Database } from '../../../storage/database.ts';
import { MAX_READ_BYTES, type Files } from '../../../storage/files.ts';
import { putMarker } from '../../../storage/inbound.ts';
import { getCell, scanCells } from '../../../storage/lane-state.ts';
import { hasRoom } from '../../../storage/strangers.ts';
import type { createCredit } from './credit.ts';
import type { Turns } from './turns.ts';

/** Deaths under one marker after which its envelope or item is not touched again. */
export const DEADLY = 2;

/** What lanes are served from. */
export interface LaneSource {
  readonly db: Database;
  readonly files: Files;
  readonly clock: () => Millis;
  readonly commit: (account: AccountId, commit: Commit) => Promise<CommitResult>;
  readonly crash: (name: CrashPoint) => Promise<void>;
}

/** What core does for the lane of an account. */
export function serveLane(
  source: LaneSource,
  account: AccountId,
  credit: ReturnType<typeof createCredit>,
  turns: Turns,
): Handlers<CoreCalls> {
  const { db, files } = source;
  return {
    'state.get': ({ key }) => getCell(db, account, key),
    'state.scan': ({ space, prefix }) => scanCells(db, account, space, prefix),
    commit: async ({ commit }) => {
      const result = await source.commit(account, commit);
      if (commit.inbound.length > 0) {
        credit.settled();
        turns.settled();
      }
      return result;
    },
    mark: async ({ envelope }) => {
      await turns.envelope();
      return db.transaction(() => putMarker(db, account, envelope)) >= DEADLY ? 'quarantine' : 'open';
    },
    credit: async ({ bytes }) => {
      await credit.ask(bytes);
      return null;
    },
    room: ({ conversation, bytes }) => hasRoom(db, account, conversation, bytes),
    'file.read': ({ file }) => readWhole(files, file),
    'file.write': async ({ name, type, bytes }) => {
      const writer = await files.create({ name, type });
      await writer.write(bytes);
      return writer.finish();
    },
    'crash.point': async ({ name }) => {
      await source.crash(name);
      return null;
    },
  };
}

/** What core does for a lane that only sets an account up: there is no account, so there is nothing to read or write. */
export function serveSetup(source: LaneSource): Handlers<CoreCalls> {
  const refuse = (): never => {
    throw new PlainsealError('refused', 'an account that is being set up has nothing durable');
  };
  return {
    'state.get': () => null,
    'state.scan': () => [],
    commit: refuse,
    mark: () => 'open',
    credit: () => null,
    room: () => true,
    'file.read': refuse,
    'file.write': refuse,
    'crash.point': async ({ name }) => {
      await source.crash(name);
      return null;
    },
  };
}

async function readWhole(
  files: Files,
  file: FileId,
): Promise<{ readonly meta: FileMeta; readonly bytes: Uint8Array }> {
  const about = files.get(file);
  if (!about || about.state !== 'here') throw new PlainsealError('not-found', 'the file is not here');
  if (about.size > MAX_LANE_FILE) throw new PlainsealError('too-large', 'the file is too large for a lane');
  const bytes = new Uint8Array(about.size);
  for (let at = 0; at < about.size;) {
    const part = await files.read(file, at, Math.min(MAX_READ_BYTES, about.size - at));
    if (part.byteLength === 0) throw new PlainsealError('corrupt', 'the file ends early');
    bytes.set(part, at);
    at += part.byteLength;
  }
  return { meta: { name: about.name, type: about.type, size: about.size }, bytes };
}
