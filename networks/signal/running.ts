import { PrivateKey, type Net } from '@signalapp/libsignal-client';
import { openAttachment, sealAttachment } from '../../crypto/signal/attachment.ts';
import { createSignalEngine } from '../../crypto/signal/create-engine.ts';
import type { Local } from '../../crypto/signal/address.ts';
import type { SignalEngine } from '../../crypto/signal/engine.ts';
import type { PreKeyUpload } from '../../crypto/signal/prekeys.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { remembered } from '../../shared/lane/remembered.ts';
import { createWork } from '../../shared/lane/work.ts';
import { isSameSelf, ownIdentities, readSelf, type Self } from './account-record.ts';
import { createChallenge } from './challenge.ts';
import { resumeChallenged } from './forecast.ts';
import type { OpenFile } from './fetched-files.ts';
import { fitsProfile } from './environment.ts';
import { createLocks, type WithLocks } from './locks.ts';
import type { Performing } from './performing.ts';
import type { Own } from './draft.ts';
import { createRenewals } from './renewals.ts';
import { createSealedSender } from './sealed-sender.ts';
import { createNet } from './service/net.ts';
import type { SignalConnection } from './service/service.ts';
import { createSweeper } from './sweeper.ts';

/** One running account: what lasts from start to stop, over however many connections. */
export interface Running {
  readonly context: LaneContext;
  /** As the connection of the moment knows it. */
  self: Self;
  readonly net: Pick<Net.Net, 'connectAuthenticatedChat' | 'connectUnauthenticatedChat'>;
  readonly own: Own;
  engine: SignalEngine;
  readonly withLocks: WithLocks;
  readonly openFile: OpenFile;
  readonly performing: Performing;
  /** Public keys whose private halves are kept, and that the server has not taken yet. */
  readonly keysToUpload: Map<Local, PreKeyUpload>;
  /** Identities of which the server has older keys than the newest made here. */
  readonly outdated: Set<Local>;
  /** The server takes no keys of the number from this device: what is sent to the number does not come in. */
  lacksNumber: boolean;
  /** The connection of the moment; null while there is none, or while it is not known whether it may be used (look-for-newer.ts). */
  connection: SignalConnection | null;
  /** All that the server had kept when that connection was made is durable. */
  isCaughtUp: boolean;
  readonly stopping: AbortController;
  /** Resolves when the connection loop has ended. */
  ended: Promise<void>;
}

/** Reads the account and makes what it runs on. @throws PlainsealError `not-found` once it was unlinked, `refused` for a proxy or a foreign environment. */
export async function createRunning(given: LaneContext): Promise<Running> {
  const context: LaneContext = { ...given, ...remembered(given) };
  const self = await readSelf(createWork(context.view));
  if (!fitsProfile(self.environment, context.environment))
    throw new PlainsealError('refused', 'an account of another environment');
  const { identities, profileKey } = self;
  const engine = createSignalEngine(ownIdentities(self));
  const identityKey = PrivateKey.deserialize(new Uint8Array(identities.aciIdentityKey))
    .getPublicKey()
    .serialize();
  const own = { service: identities.aci, device: identities.device, identityKey, profileKey };
  const withLocks = createLocks();
  const running: Running = {
    context,
    self,
    net: createNet(self.environment, context.proxy),
    own,
    engine,
    withLocks,
    openFile: (sealed, pointer) => openAttachment(sealed, pointer),
    performing: {
      context,
      own,
      get engine() {
        return running.engine;
      },
      service: () => running.connection?.service ?? null,
      withLocks,
      sealedSender: createSealedSender(own.service),
      challenge: createChallenge(
        context,
        () => sayOnline(running),
        (conversations) => resumeChallenged(running.performing, conversations),
      ),
      renewals: createRenewals(),
      sweeper: createSweeper(context, withLocks),
      sealFile: sealAttachment,
    },
    keysToUpload: new Map(),
    outdated: new Set(),
    lacksNumber: false,
    connection: null,
    isCaughtUp: false,
    stopping: new AbortController(),
    ended: Promise.resolve(),
  };
  return running;
}

/** Says that the account is online, where it is and no person is needed for more, and what does not come in all the same. */
export function sayOnline({ context, connection, isCaughtUp, lacksNumber, performing }: Running): void {
  if (connection === null || !isCaughtUp || performing.challenge.say()) return;
  context.status(lacksNumber ? { kind: 'online', lacks: 'number' } : { kind: 'online' });
}

/** Before a connection is used: where my number became another one over the last, this one goes on with the identity of that. */
export async function renewSelf(running: Running): Promise<void> {
  const self = await readSelf(createWork(running.context.view));
  if (isSameSelf(self, running.self)) return;
  running.self = self;
  running.engine = createSignalEngine(ownIdentities(self));
  // Keys under the identity before: nobody takes them any more.
  running.keysToUpload.delete('PNI');
  running.outdated.delete('PNI');
}
