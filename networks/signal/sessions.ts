import type { ServiceId } from '../../crypto/signal/address.ts';
import type { DeviceBundle, IdentityKey, SignalEngine } from '../../crypto/signal/engine.ts';
import type { Change } from '../../shared/lane/change.ts';
import { emptyCommit, type CommitResult } from '../../shared/lane/commit.ts';
import type { Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { learnIdentity } from './correspondent.ts';
import { peerOf } from './names.ts';
import { writePeer } from './peer-record.ts';
import { commit, CONFLICT_TRIES, isTrouble, type Performing } from './performing.ts';
import { readReached } from './reached.ts';
import type { SignalService, Trouble } from './service/service.ts';

/** Devices that keys are wanted of: these, or all there are. */
export type Wanted = readonly number[] | '*';

/** The devices a service id can be sealed for, and those it cannot; '*' where none is known. Never my own device. */
export async function sealable(
  { engine, own }: Pick<Performing, 'engine' | 'own'>,
  service: ServiceId,
  work: Work,
  now: number,
): Promise<{
  readonly ready: readonly { readonly device: number; readonly registrationId: number }[];
  readonly without: Wanted;
}> {
  const known = (await engine.devices(service, work)).filter(
    ({ device }) => !isOwn({ own }, service, device),
  );
  if (known.length === 0) return { ready: [], without: '*' };
  const can = await Promise.all(known.map(({ device }) => engine.canSeal({ service, device }, work, now)));
  return {
    ready: known.filter((_, at) => can[at]),
    without: known.filter((_, at) => !can[at]).map(({ device }) => device),
  };
}

const isOwn = ({ own }: Pick<Performing, 'own'>, service: ServiceId, device: number): boolean =>
  service === own.service && device === own.device;

export type SessionsStarted =
  | { readonly kind: 'started' }
  /** The service id has no device (left): nobody is there. */
  | { readonly kind: 'nobody' }
  /** The keys the server gave out cannot be used. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'commit-failed'; readonly result: Extract<CommitResult, { readonly ok: false }> }
  | Trouble;

type Keys = Extract<Awaited<ReturnType<SignalService['bundles']>>, { readonly kind: 'bundles' }>;

/**
 * Fetches the keys of devices and starts sessions with them, in a commit of its own: what core makes of another identity or of a
 * new device stands before anything is sealed for it. A wanted device that is not there any more is forgotten. The lock of the
 * service id is held for the commit, not while the server is asked.
 */
export async function startSessions(
  performing: Performing,
  service: ServiceId,
  wanted: Wanted,
): Promise<SessionsStarted> {
  const via = performing.service();
  if (via === null) return { kind: 'offline' };
  const [only, ...others] = wanted === '*' ? [] : wanted;
  const one = only !== undefined && others.length === 0;
  let keys = await via.bundles(service, one ? only : '*');
  // Whether it is the device or the account that is gone, only the whole list tells.
  if (one && keys.kind === 'unregistered') keys = await via.bundles(service, '*');
  if (isTrouble(keys)) return keys;
  if (keys.kind === 'unregistered') return { kind: 'nobody' };
  if (keys.kind === 'unusable') return { kind: 'refused' };
  const found = keys;
  if (wanted === '*' && !found.devices.some(({ device }) => !isOwn(performing, service, device)))
    return { kind: 'nobody' };
  return performing.withLocks([service], async () => {
    for (let attempt = 0; ; attempt++) {
      const work = createWork(performing.context.view);
      const changes = await start(performing, service, { wanted, keys: found }, work);
      if (changes === null) return { kind: 'refused' };
      const result = await commit(performing.context, { ...emptyCommit, work: work.writes(), changes });
      if (result.ok) return { kind: 'started' };
      if (result.why !== 'conflict' || attempt >= CONFLICT_TRIES) return { kind: 'commit-failed', result };
    }
  });
}

/** Writes sessions from keys; gives what it changes, or null where the keys cannot be used. */
async function start(
  { engine, own, context }: Performing,
  service: ServiceId,
  of: { readonly wanted: Wanted; readonly keys: Keys },
  work: Work,
): Promise<readonly Change[] | null> {
  const now = context.now();
  const was = await engine.identityOf(service, work);
  const known = (await engine.devices(service, work)).map(({ device }) => device);
  const wants = (device: number): boolean =>
    (of.wanted === '*' || of.wanted.includes(device)) && !isOwn({ own }, service, device);
  const bundles = of.keys.devices.filter(({ device }) => wants(device));
  const there = bundles.map(({ device }) => device);
  const identity = await startAll(engine, service, { bundles, identityKey: of.keys.identityKey, now }, work);
  if (identity === null) return null;
  const gone = known.filter((device) => wants(device) && !there.includes(device));
  for (const device of gone) engine.forget({ service, device }, work);
  if (service === own.service) return [];
  const changes: Change[] = gone.map((device) => deviceChange(service, device, 'removed'));
  if (there.length === 0) return changes;
  const telling = { account: context.account, work, ledger: { changes, moved: new Set<ServiceId>() }, now };
  const { peer } = await learnIdentity(telling, service, { now: identity, was });
  writePeer(work, service, { ...peer, devices: [...new Set([...peer.devices, ...there])] });
  const reached = was === null || was === identity ? await readReached(work, service) : null;
  // Only what is not in a list that was complete once is news; core states it.
  const added = reached === null ? [] : there.filter((one) => !known.includes(one) && !reached.includes(one));
  return [...changes, ...added.map((device) => deviceChange(service, device, 'added'))];
}

/** The identity all of them are under, or null when one set of keys cannot be used: then none is. */
async function startAll(
  engine: SignalEngine,
  service: ServiceId,
  of: { readonly bundles: readonly DeviceBundle[]; readonly identityKey: Uint8Array; readonly now: number },
  work: Work,
): Promise<IdentityKey | null> {
  for (const bundle of of.bundles) {
    const started = await engine.startSession(bundle, of.identityKey, service, work, of.now);
    if (started.kind === 'refused') return null;
  }
  return Buffer.from(of.identityKey).toString('hex');
}

export const deviceChange = (service: ServiceId, device: number, act: 'added' | 'removed'): Change => ({
  kind: 'device',
  peer: peerOf(service),
  device: String(device),
  act,
  sameIdentity: true,
});
