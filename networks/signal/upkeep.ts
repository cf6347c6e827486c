import * as v from 'valibot';
import type { Local, ServiceId } from '../../crypto/signal/address.ts';
import type { PreKeyUpload, ServerKeys } from '../../crypto/signal/prekeys.ts';
import type { Millis } from '../../shared/ids.ts';
import { emptyCommit, type Forecast } from '../../shared/lane/commit.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import type { StateKey } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { isSameSelf, readSelf } from './account-record.ts';
import { readCell, writeCell } from './cell.ts';
import { encodeContent } from './codec/encode.ts';
import { errandIntent } from './errand.ts';
import { conversationWith } from './names.ts';
import { readPeer } from './peer-record.ts';
import { commit, CONFLICT_TRIES, isTrouble } from './performing.ts';
import { sayOnline, type Running } from './running.ts';
import type { SignalService } from './service/service.ts';

/** Keys are looked at on every connection and then so often; that is often enough to replace what serves for a day and a half. */
const KEYS_EVERY_MS: Millis = 12 * 60 * 60_000;
/** How fresh the facts of a quiet conversation are kept: far less than the rules of the label believe them for. */
const FORECASTS_EVERY_MS: Millis = 24 * 60 * 60_000;
const FORECASTS_AT_ONCE = 50;

/*
 * upkeep/asked       my phone was asked for what it knows
 * upkeep/forecasts   when the facts of all conversations were looked at last
 * upkeep/number      the number's identity whose keys the server did not take, and when
 */
const ASKED: StateKey = { space: 'upkeep', key: 'asked' };
const FORECASTS: StateKey = { space: 'upkeep', key: 'forecasts' };
const NUMBER: StateKey = { space: 'upkeep', key: 'number' };
const atSchema = v.strictObject({ at: v.number() });
const numberSchema = v.strictObject({ pni: v.string(), at: v.number() });
/** How long the number's keys are left alone after the server did not take them. */
const REFUSED_FOR_MS: Millis = 24 * 60 * 60_000;

/** What a connection keeps in order beside messages: my prekeys at the server, the facts of quiet conversations, what my phone knows. */
export function startUpkeep(
  running: Running,
  service: SignalService,
): {
  /** Resolves when the server says that this device is none any more. */
  readonly unlinked: Promise<{ readonly kind: 'unlinked' }>;
  /** Resolves when the first round is over. */
  readonly idle: Promise<void>;
  stop(): void;
} {
  const { context } = running;
  const unlinked = Promise.withResolvers<{ readonly kind: 'unlinked' }>();
  let stopped = false;
  const run = async (): Promise<void> => {
    for (const local of ['ACI', 'PNI'] as const) {
      if (stopped) return;
      if (local === 'PNI' && !(await isNumberDue(running))) continue;
      const kept = await keepPreKeys(running, service, local);
      if (kept === 'unlinked') return unlinked.resolve({ kind: 'unlinked' });
      if (local === 'PNI') await noteNumber(running, kept);
    }
    if (!stopped) await askPhone(running);
    if (!stopped) await refreshForecasts(running, () => stopped);
  };
  const round = (): Promise<void> =>
    run().catch((error: unknown) => {
      context.log('upkeep-fault', { error: error instanceof Error ? error.name : 'unknown' });
    });
  const timer = setInterval(() => void round(), KEYS_EVERY_MS);
  return {
    unlinked: unlinked.promise,
    idle: round(),
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** `nothing`: nothing went up, or it is not known what became of it. `refused`: the server does not take them. */
type Kept = 'taken' | 'nothing' | 'refused' | 'unlinked';

/**
 * Makes what is due, commits the private halves, then uploads the public ones: a key that is handed out can always be used. What
 * could not be uploaded is, on the next occasion.
 */
async function keepPreKeys(running: Running, service: SignalService, local: Local): Promise<Kept> {
  const left = running.keysToUpload.get(local);
  if (left !== undefined) return uploadKeys(running, service, local, left);
  const lacksNewest = running.outdated.has(local);
  const counts = await service.preKeyCounts(local);
  if (isTrouble(counts)) return counts.kind === 'unlinked' ? 'unlinked' : 'nothing';
  const upload = await makeKeys(running, local, { ...counts, lacksNewest });
  return upload === null ? 'nothing' : uploadKeys(running, service, local, upload);
}

/** Under my own lock: what is received may put another identity in the place of my number's, and no key is made for the one before then. */
function makeKeys(running: Running, local: Local, counts: ServerKeys): Promise<PreKeyUpload | null> {
  const { context, engine, own, self, withLocks } = running;
  return withLocks([own.service], async () => {
    for (let attempt = 0; attempt < CONFLICT_TRIES; attempt += 1) {
      const work = createWork(context.view);
      if (!isSameSelf(await readSelf(work), self)) return null;
      const upload = await engine.upkeep(local, counts, work, context.now());
      const writes = work.writes();
      if (writes.length === 0) return null;
      const result = await commit(context, { ...emptyCommit, work: writes });
      if (result.ok) return upload;
      if (result.why !== 'conflict') return null;
    }
    return null;
  });
}

async function uploadKeys(
  { context, keysToUpload, outdated }: Running,
  service: SignalService,
  local: Local,
  upload: PreKeyUpload,
): Promise<Kept> {
  keysToUpload.set(local, upload);
  outdated.delete(local);
  const { kind } = await service.uploadPreKeys(local, upload);
  if (kind === 'done' || kind === 'refused') keysToUpload.delete(local);
  if (kind === 'done') return 'taken';
  if (kind !== 'refused') return kind === 'unlinked' ? 'unlinked' : 'nothing';
  context.log('keys-refused', { local });
  // The same ones would be refused again.
  outdated.add(local);
  return 'refused';
}

/**
 * Whether the keys of my number are to be looked at. Those that the server refused are left alone for a while: then the number is another
 * one by now, which my phone did not tell this device, or not so that it could be read. Nothing else ends by it.
 */
async function isNumberDue(running: Running): Promise<boolean> {
  const { context, self } = running;
  const { pni } = self.identities;
  if (pni === null) return false;
  const refused = await readCell(createWork(context.view), NUMBER, numberSchema);
  const lacks = refused?.pni === pni;
  if (lacks !== running.lacksNumber) {
    running.lacksNumber = lacks;
    sayOnline(running);
  }
  // What was made last is not there, also where that was made before a restart.
  if (lacks) running.outdated.add('PNI');
  const now = context.now();
  return !lacks || now - refused.at >= REFUSED_FOR_MS || now < refused.at;
}

/** Remembers whether the server takes the keys of my number, and says so. */
async function noteNumber(running: Running, kept: Kept): Promise<void> {
  const { context, self } = running;
  const { pni } = self.identities;
  if (kept !== 'refused' && (kept !== 'taken' || !running.lacksNumber)) return;
  const work = createWork(context.view);
  await readCell(work, NUMBER, numberSchema);
  writeCell(work, NUMBER, kept === 'refused' ? { pni, at: context.now() } : null);
  await commit(context, { ...emptyCommit, work: work.writes() });
  running.lacksNumber = kept === 'refused';
  sayOnline(running);
}

/** Asks my phone once for its contacts, blocks, switches and keys. */
async function askPhone({ context }: Running): Promise<void> {
  const work = createWork(context.view);
  if ((await readCell(work, ASKED, atSchema)) !== null) return;
  const at = context.now();
  writeCell(work, ASKED, { at });
  const enqueue: Intent[] = (['contacts', 'blocked', 'configuration', 'keys'] as const).map((what, n) =>
    errandIntent(
      {
        op: 'sync-request',
        content: encodeContent({ kind: 'sync-request', what }),
        forget: null,
        endsAt: null,
      },
      at + n,
    ),
  );
  await commit(context, { ...emptyCommit, work: work.writes(), enqueue });
}

/** Looks at the facts of every conversation once a day, a few at a time, so that a quiet one does not come to be "not known". */
async function refreshForecasts(running: Running, isStopped: () => boolean): Promise<void> {
  const { context, engine, withLocks } = running;
  const last = await readCell(createWork(context.view), FORECASTS, atSchema);
  const now = context.now();
  if (last !== null && now - last.at < FORECASTS_EVERY_MS && now >= last.at) return;
  const peers = await context.view.scan('peer', '');
  const services = peers.map(([{ key }]) => key as ServiceId);
  for (let at = 0; at < services.length && !isStopped(); at += FORECASTS_AT_ONCE) {
    const some = services.slice(at, at + FORECASTS_AT_ONCE);
    await withLocks(some, async () => {
      const work = createWork(context.view);
      const forecasts: Forecast[] = [];
      for (const service of some) {
        if (!(await readPeer(work, service))?.conversation) continue;
        const facts = await engine.forecast(service, work, now);
        if (facts.length > 0)
          forecasts.push({ conversation: conversationWith(context.account, service), facts, hold: null });
      }
      if (forecasts.length > 0) await commit(context, { ...emptyCommit, forecasts });
    });
  }
  if (isStopped()) return;
  const work = createWork(context.view);
  await readCell(work, FORECASTS, atSchema);
  writeCell(work, FORECASTS, { at: now });
  await commit(context, { ...emptyCommit, work: work.writes() });
}
