import type { Millis } from '../../shared/ids.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { Device, Local, ServiceId } from './address.ts';
import { sessionFacts } from './facts.ts';
import { publicKeyOf } from './public-key.ts';
import {
  archived,
  decodeSession,
  readSession,
  sessionKey,
  sessionSpace,
  writeSession,
  type Session,
} from './session-cell.ts';

/** All sessions one of my identities has with a service id, also those that seal nothing any more. */
async function sessionsWith(
  work: Pick<Work, 'scan'>,
  local: Local,
  service: ServiceId,
): Promise<readonly { readonly device: number; readonly session: Session }[]> {
  const prefix = `${service}.`;
  const cells = await work.scan(sessionSpace(local), prefix);
  return cells.map(([{ key }, bytes]) => ({
    device: Number(key.slice(prefix.length)),
    session: decodeSession(bytes),
  }));
}

/** The devices there are sessions with; those put away too, since a device does not go with its session. */
export async function devicesOf(
  service: ServiceId,
  work: Pick<Work, 'scan'>,
): Promise<readonly { readonly device: number; readonly registrationId: number }[]> {
  const found = await sessionsWith(work, 'ACI', service);
  return found.map(({ device, session }) => ({ device, registrationId: session.registrationId }));
}

const usable = ({ record }: Session, now: Millis): boolean => record.hasCurrentState(new Date(now));

/** Whether there is a session that can seal for a device. One that was begun and never answered runs out (libsignal, 30 days). */
export async function canSeal(to: Device, work: Pick<Work, 'get'>, now: Millis): Promise<boolean> {
  const session = await readSession(work, 'ACI', to);
  return session !== null && usable(session, now);
}

/** Puts a session away. */
export async function archive(to: Device, work: Work): Promise<void> {
  const session = await readSession(work, 'ACI', to);
  if (session !== null) writeSession(work, 'ACI', to, archived(session));
}

/** Forgets a session. The caller has read it, or scanned for it, through the same work. */
export function forget(to: Device, work: Work): void {
  work.put(sessionKey('ACI', to), null);
}

/** After a change of identity, sessions with the other devices are under one that is not known any more: nothing is sealed in them. */
export async function archiveOthers(work: Work, local: Local, { service, device }: Device): Promise<void> {
  for (const other of await sessionsWith(work, local, service))
    if (other.device !== device)
      writeSession(work, local, { service, device: other.device }, archived(other.session));
}

/** Whether my ratchet with a device is the one that is named. */
export async function isCurrentRatchet(
  to: Device,
  ratchetKey: Uint8Array,
  work: Pick<Work, 'get'>,
): Promise<boolean> {
  const key = publicKeyOf(ratchetKey);
  const session = key === null ? null : await readSession(work, 'ACI', to);
  return key !== null && session !== null && session.record.currentRatchetKeyMatches(key);
}

/** The facts of the next send, one entry per device it can be sealed for as things stand. */
export async function forecast(
  service: ServiceId,
  work: Pick<Work, 'scan'>,
  now: Millis,
): Promise<readonly SecurityFacts[]> {
  const found = await sessionsWith(work, 'ACI', service);
  return found.filter(({ session }) => usable(session, now)).map(({ session }) => sessionFacts(session, now));
}
