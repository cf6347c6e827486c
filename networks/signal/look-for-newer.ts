import { createWork } from '../../shared/lane/work.ts';
import { isTrouble } from './performing.ts';
import type { Running } from './running.ts';
import type { Disconnected, SignalService, Trouble } from './service/service.ts';

/**
 * Asks the server, before anything is opened or sealed over a connection, whether a newer state of this very device made keys that this
 * one has not (`newer`): then this one was put back from a disk image. One small request where nothing is amiss. That the server has other
 * keys proves nothing: what was made here may not have got there. A key under my own identity that was never made here does. The ids of keys
 * that a message names prove nothing either, since anybody writes there what they like. Without an answer the connection is not used.
 */
export async function lookForNewer(
  running: Running,
  service: SignalService,
): Promise<'mine' | 'newer' | Disconnected> {
  try {
    return await look(running, service);
  } catch (error) {
    running.context.log('look-fault', { error: error instanceof Error ? error.name : 'unknown' });
    return { kind: 'offline' };
  }
}

async function look(
  { context, engine, self, outdated }: Running,
  service: SignalService,
): Promise<'mine' | 'newer' | Disconnected> {
  const work = createWork(context.view);
  const digest = await engine.repeatedKeysDigest(work);
  if (digest === null) return 'mine';
  const checked = await service.checkKeys(digest);
  if (isTrouble(checked)) return endedBy(checked);
  if (checked.kind !== 'other') return 'mine';
  const { aci, device } = self.identities;
  const handed = await service.bundles(aci, device);
  if (isTrouble(handed)) return endedBy(handed);
  if (handed.kind === 'bundles') {
    const bundle = handed.devices.find((one) => one.device === device);
    if (bundle && (await engine.isMadeElsewhere(handed.identityKey, bundle, work))) return 'newer';
  }
  context.log('keys-not-there', { handed: handed.kind });
  outdated.add('ACI');
  return 'mine';
}

const endedBy = ({ kind }: Trouble): Disconnected => ({ kind: kind === 'rate-limited' ? 'offline' : kind });
