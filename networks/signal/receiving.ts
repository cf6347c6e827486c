import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Opened, SignalEngine, Unsealed } from '../../crypto/signal/engine.ts';
import type { AccountId, Millis, NetworkKey } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { Trust } from '../../shared/label/facts.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { AttachmentPointer } from './codec/content.ts';
import type { OpenFile } from './fetched-files.ts';
import type { Ledger } from './ledger.ts';
import type { WithLocks } from './locks.ts';
import { peerOf } from './names.ts';
import { readPeer } from './peer-record.ts';
import type { Postponed } from './postponed.ts';
import type { ProfileNames } from './profile-names.ts';
import type { Delivery, SignalService } from './service/service.ts';
import type { TypingNotices } from './typing.ts';

/** What receiving needs of the running lane. */
export interface Reception {
  readonly context: LaneContext;
  readonly engine: SignalEngine;
  readonly own: Own;
  readonly withLocks: WithLocks;
  readonly service: SignalService;
  readonly openFile: OpenFile;
  readonly typing: TypingNotices;
  readonly profileNames: ProfileNames;
  /** My phone has sent a list of contacts; it is noted as one to be fetched. */
  readonly contactsCame: () => void;
  /** A moment that no other intent of this lane has. */
  readonly stamp: () => Millis;
  /** Whether more of what came before this connection may follow. */
  readonly isCatchingUp: () => boolean;
  readonly postponed: Pick<Postponed, 'take' | 'fetched'>;
}

/** My own side. */
export interface Own {
  readonly service: ServiceId;
  readonly device: number;
  /** Public, 33 bytes. */
  readonly identityKey: Uint8Array;
}

/** What taking in one opened envelope works with. Its writes and changes count only together, in one commit. */
export interface Receiving {
  readonly account: AccountId;
  readonly own: Own;
  readonly engine: SignalEngine;
  readonly work: Work;
  readonly ledger: Ledger;
  readonly now: Millis;
  readonly log: LaneContext['log'];
  readonly files: Pick<LaneContext['files'], 'write'>;
  readonly hasRoom: LaneContext['hasRoom'];
  readonly reception: Pick<Reception, 'typing' | 'profileNames' | 'contactsCame' | 'stamp' | 'isCatchingUp'>;
  /** The opened bytes of a file on the server. */
  readonly fetched: FetchedFiles;
}

/** Files fetched for a batch: null for one that cannot be had, undefined for one that nobody has tried to fetch. */
export interface FetchedFiles {
  get(pointer: AttachmentPointer): Uint8Array | null | undefined;
}

/** Thrown on the way through an envelope that names a file: it is opened again once that is fetched. */
export class FileNeeded extends Error {
  readonly pointer: AttachmentPointer;
  constructor(pointer: AttachmentPointer) {
    super('file needed');
    this.pointer = pointer;
  }
}

/** An envelope whose sender the engine has proven, opened. */
export interface Arrival {
  readonly delivery: Pick<Delivery, 'key' | 'raw' | 'updatedPni'>;
  readonly unsealed: Unsealed;
  readonly opened: Opened;
  /** The trust in the sender as this lane knows it. */
  readonly trust: Trust;
}

/** How an arrival was opened: from a peer, or told by another device of mine, which says nothing of the way it took before. */
export function evidenceOf({ own, now }: Pick<Receiving, 'own' | 'now'>, arrival: Arrival): Evidence {
  const { opened, trust } = arrival;
  const base = { at: now, facts: [opened.facts], details: opened.details };
  if (opened.from.service === own.service)
    return { how: 'told-by-own-device', ...base, device: String(opened.from.device) };
  const from = { peer: peerOf(opened.from.service), key: opened.identity, trust, proof: 'session' as const };
  return { how: 'opened-here', ...base, from };
}

/** How long what cannot be shown yet is kept for a version that can. */
const KEPT_FOR_MS = 5 * 365 * 24 * 60 * 60 * 1_000;

export function consumed(
  { ledger }: Pick<Receiving, 'ledger'>,
  { delivery }: Pick<Arrival, 'delivery'>,
): void {
  ledger.inbound.push({ kind: 'consumed', envelope: delivery.key });
}

/**
 * Keeps an opened content for a version that can show it; `of`: the message that its words are shown in, with which it goes. What somebody wrote who was not accepted is kept as such, so that core bounds it: anybody
 * can send it, and people in groups that I am in may.
 */
export async function park(
  { ledger, own, work, now }: Receiving,
  { delivery, opened }: Arrival,
  of: NetworkKey | null,
): Promise<void> {
  const { service } = opened.from;
  const accepted = service === own.service || (await readPeer(work, service))?.accepted === true;
  ledger.inbound.push({
    kind: 'parked',
    envelope: delivery.key,
    raw: opened.plaintext,
    needs: accepted ? 'newer-version' : 'acceptance',
    until: now + KEPT_FOR_MS,
    ...(of === null ? {} : { of }),
  });
}

/** Takes none of it in: it is not what its sender may say. Kept as it came, and nobody's conversation hears of it. */
export function refuse(
  { ledger, log }: Pick<Receiving, 'ledger' | 'log'>,
  { delivery }: Pick<Arrival, 'delivery'>,
  why: string,
): void {
  log('envelope-refused', { why });
  ledger.inbound.push({ kind: 'quarantined', envelope: delivery.key, raw: delivery.raw, why });
}
