import { IdentityKeyPair } from '@signalapp/libsignal-client';
import type { Millis } from '../../../shared/ids.ts';
import type { Work } from '../../../shared/lane/state.ts';
import { createSignalEngine } from '../create-engine.ts';
import type { OpenResult, OwnIdentities, Refusal, SignalEngine, SignalEnvelope } from '../engine.ts';
import { firstKeys, type FirstKeys } from '../upkeep.ts';
import { createCells, type Cells } from './cells.ts';
import { freshAci, createRawParty, freshPni, type Authority, type RawParty } from './raw-party.ts';

export const NOW: Millis = Date.UTC(2026, 10, 26, 12);
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text));
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** For tests: an account of mine as linking leaves it. */
export interface Account {
  readonly identities: OwnIdentities;
  /** My account's own, for other devices of it. */
  readonly identity: IdentityKeyPair;
  readonly engine: SignalEngine;
  readonly cells: Cells;
  readonly keys: FirstKeys;
  /** How others address me, with the public identity key. */
  readonly aci: Me;
  readonly pni: Me;
  /** Unseals and opens in a commit of its own; nothing is kept of what does not open. */
  receive(envelope: SignalEnvelope, now?: Millis): Promise<OpenResult>;
}
type Me = {
  readonly service: OwnIdentities['aci'];
  readonly device: number;
  readonly registrationId: number;
  readonly key: Uint8Array;
};

export function createAccount(authorities: readonly Authority[] = [], now: Millis = NOW): Account {
  const [aci, pni] = [IdentityKeyPair.generate(), IdentityKeyPair.generate()];
  const [aciService, pniService] = [freshAci(), freshPni()];
  const identities: OwnIdentities = {
    aci: aciService,
    pni: pniService,
    device: 2,
    aciRegistrationId: 11,
    pniRegistrationId: 12,
    aciIdentityKey: aci.privateKey.serialize(),
    pniIdentityKey: pni.privateKey.serialize(),
    trustRoots: authorities.map(({ root }) => root.serialize()),
  };
  const engine = createSignalEngine(identities);
  const cells = createCells();
  const keys = firstKeys(identities, now);
  cells.commit(keys.work);
  return {
    identities,
    identity: aci,
    engine,
    cells,
    keys,
    aci: { service: aciService, device: 2, registrationId: 11, key: aci.publicKey.serialize() },
    pni: {
      service: pniService,
      device: 2,
      registrationId: 12,
      key: pni.publicKey.serialize(),
    },
    receive: (envelope, at = now) => cells.run((work) => receiveIn(engine, envelope, work, at)),
  };
}

/** Unseals and opens with a savepoint around it, as a lane does. */
export async function receiveIn(
  engine: SignalEngine,
  envelope: SignalEnvelope,
  work: Work,
  now: Millis,
): Promise<OpenResult> {
  const unsealed = await engine.unseal(envelope);
  if ('kind' in unsealed) return { ...unsealed, retry: null };
  const point = work.savepoint();
  const result = await engine.open(unsealed, work, now);
  if (result.kind === 'opened') point.keep();
  else point.drop();
  return result;
}

/** What was opened. @throws Error when it was not. */
export function opened(result: OpenResult): Extract<OpenResult, { kind: 'opened' }> {
  if (result.kind !== 'opened') throw new Error(result.kind === 'refused' ? result.why : result.kind);
  return result;
}

/** Why it was not opened. */
export function refusal(result: OpenResult): Refusal | OpenResult['kind'] {
  return result.kind === 'refused' ? result.why : result.kind;
}

/** Somebody who has begun a session with me and has my answer, so that both sides are in step. */
export async function acquainted(account: Account, take = 0): Promise<RawParty> {
  const peer = createRawParty();
  await peer.meet(account.aci, account.keys.aci, take);
  opened(await account.receive(await peer.write(bytesOf('hello'), account.aci)));
  const answer = await account.cells.run((work) =>
    account.engine.seal(bytesOf('hi'), { service: peer.service, device: peer.device }, work, NOW),
  );
  await peer.read(answer, account.aci);
  return peer;
}
