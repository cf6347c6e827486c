import { createHmac, timingSafeEqual } from 'node:crypto';
import { accessKeyOf } from '../../crypto/signal/access-key.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { openProfileName } from '../../crypto/signal/profile-name.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Change } from '../../shared/lane/change.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { tellPeer } from './correspondent.ts';
import type { WithLocks } from './locks.ts';
import { readPeer } from './peer-record.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';
import { readProfile, unknownProfile, writeProfile, type ProfileRecord } from './profile-record.ts';
import type { Receiving } from './receiving.ts';
import type { SignalService } from './service/service.ts';

/** A profile is looked at again after a day. */
const FRESH_FOR_MS: Millis = 24 * 60 * 60 * 1_000;
/** Between two profiles: names are worth no hurry, and the server counts. */
const PAUSE_MS: Millis = 250;
/** After the server said that it is too much, unless it said how long. */
const RATE_LIMITED_MS: Millis = 60_000;
const MAX_WANTED = 1_000;

/** Fetches what people call themselves, one after the other, outside of receiving. */
export interface ProfileNames {
  /** Somebody wrote: their profile is looked at if that is due. */
  want(service: ServiceId): void;
  /** Resolves when everything wanted so far was looked at, or given up. */
  idle(): Promise<void>;
  close(): void;
}

/** Notes the profile key that somebody sent along: their name is to be fetched under it. */
export async function learnProfileKey(
  { work }: Pick<Receiving, 'work'>,
  service: ServiceId,
  profileKey: Uint8Array,
): Promise<void> {
  const known = await readProfile(work, service);
  if (known?.profileKey && Buffer.compare(known.profileKey, profileKey) === 0) return;
  const name = known?.name ?? null;
  writeProfile(work, service, { ...unknownProfile, profileKey: Uint8Array.from(profileKey), name });
}

interface Parts {
  readonly context: LaneContext;
  readonly withLocks: WithLocks;
  readonly service: SignalService;
  /** Waits, or until closing. */
  readonly pause?: (ms: Millis) => Promise<void>;
}

export function createProfileNames(parts: Parts): ProfileNames {
  const wanted = new Set<ServiceId>();
  const stopping = new AbortController();
  const pause = parts.pause ?? ((ms) => wait(ms, stopping.signal));
  let running: Promise<void> = Promise.resolve();
  let runs = false;

  async function run(): Promise<void> {
    for (const service of wanted) {
      wanted.delete(service);
      if (stopping.signal.aborted) return;
      const waitMs = await look(parts, service).catch((error: unknown) => {
        parts.context.log('profile-fault', { error: error instanceof Error ? error.name : 'unknown' });
        return PAUSE_MS;
      });
      if (waitMs === 'later') wanted.clear();
      else if (waitMs > 0) await pause(waitMs);
    }
  }

  return {
    want(service) {
      if (stopping.signal.aborted || wanted.size >= MAX_WANTED) return;
      wanted.add(service);
      if (runs) return;
      runs = true;
      running = run().finally(() => {
        runs = false;
      });
    },
    idle: () => running,
    close: () => stopping.abort(),
  };
}

function wait(ms: Millis, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Looks at one profile if that is due; gives how long to wait before the next, `later` when none can be had now. */
async function look(
  { context, withLocks, service: via }: Parts,
  service: ServiceId,
): Promise<Millis | 'later'> {
  const known = await readProfile(createWork(context.view), service);
  if (known?.profileKey == null) return 0;
  if (known.fetchedAt !== null && known.fetchedAt + FRESH_FOR_MS > context.now()) return 0;
  const { profileKey } = known;
  const answer = await via.profile(service, profileKey);
  switch (answer.kind) {
    case 'profile':
      await withLocks([service], () => note(context, service, profileKey, readAnswer(profileKey, answer)));
      return PAUSE_MS;
    case 'unknown':
      await withLocks([service], () => note(context, service, profileKey, {}));
      return PAUSE_MS;
    case 'rate-limited':
      return answer.retryAfterMs ?? RATE_LIMITED_MS;
    case 'offline':
    case 'unlinked':
    case 'expired':
      return 'later';
  }
}

type Profile = Extract<Awaited<ReturnType<SignalService['profile']>>, { readonly kind: 'profile' }>;
type Learnt = Partial<Pick<ProfileRecord, 'name' | 'sealed'>>;

function readAnswer(profileKey: Uint8Array, answer: Profile): Learnt {
  const name = answer.name === null ? null : openProfileName(profileKey, answer.name);
  return { sealed: sealedOf(profileKey, answer), ...(name === null ? {} : { name }) };
}

function sealedOf(profileKey: Uint8Array, answer: Profile): ProfileRecord['sealed'] {
  if (answer.unrestrictedUnidentifiedAccess) return 'anybody';
  const { unidentifiedAccess } = answer;
  if (unidentifiedAccess === null) return 'never';
  // The server proves that the account has the access key which this profile key gives: HMAC-SHA256 over 32 zeroes.
  const proof = createHmac('sha256', accessKeyOf(profileKey)).update(new Uint8Array(32)).digest();
  const fits = unidentifiedAccess.length === proof.length && timingSafeEqual(unidentifiedAccess, proof);
  return fits ? 'access-key' : 'never';
}

/** Makes what a profile says durable, unless another profile key came meanwhile. */
async function note(
  context: LaneContext,
  service: ServiceId,
  profileKey: Uint8Array,
  learnt: Learnt,
): Promise<void> {
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    const work = createWork(context.view);
    const known = await readProfile(work, service);
    if (known?.profileKey == null || Buffer.compare(known.profileKey, profileKey) !== 0) return;
    writeProfile(work, service, { ...known, ...learnt, fetchedAt: context.now() });
    const changes: Change[] = [];
    const peer = await readPeer(work, service);
    if (peer !== null && learnt.name !== undefined && learnt.name !== known.name)
      await tellPeer(
        { account: context.account, work, ledger: { changes, moved: new Set() }, now: context.now() },
        service,
        peer,
      );
    const result = await commit(context, { ...emptyCommit, work: work.writes(), changes });
    if (result.ok || result.why !== 'conflict') return;
  }
}
