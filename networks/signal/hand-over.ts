import type { Device } from '../../crypto/signal/address.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { Stored } from '../../shared/lane/intent.ts';
import { createWork } from '../../shared/lane/work.ts';
import { decodeArtifact, deviceOf, toHandOver, type Artifact } from './artifact.ts';
import type { Draft } from './draft.ts';
import { isTrouble, type Performing } from './performing.ts';
import type { Access } from './sealed-sender.ts';
import { letterOf, type DeviceMessage, type Letter } from './service/letter.ts';
import type { SendAnswer, Trouble } from './service/service.ts';

/** `damaged`: what is stored does not read. `guarded`: the egress guard let nothing out. */
export type Answer = SendAnswer | { readonly kind: 'damaged' | 'guarded' };

/** What came of handing over; `sealed`: the server was not told who sends. */
export type HandedOver = {
  readonly answer: Answer;
  readonly sealed: boolean;
};

/** What the server is told of a draft. `online`: not queued for who is away. */
type Envelope = Pick<Draft, 'to' | 'sentAt' | 'hint' | 'urgent'> & { readonly online?: boolean };

type ToDevice = { readonly device: Device; readonly artifact: Artifact };

/** What a draft needs on its way out; nothing of it has gone anywhere. */
export type Prepared =
  | { readonly kind: 'letter'; readonly letter: Letter; readonly parts: readonly ToDevice[] }
  | { readonly kind: 'damaged' | 'guarded' }
  | Trouble;

/** Makes the wrappers and the request of one attempt: sealed where the other side takes that. May ask the server for my certificate. */
export async function prepare(
  performing: Performing,
  draft: Envelope,
  artifacts: readonly Stored[],
): Promise<Prepared> {
  const { context, sealedSender } = performing;
  const via = performing.service();
  if (via === null) return { kind: 'offline' };
  const parts = readParts(draft, artifacts);
  if (parts === null) return { kind: 'damaged' };
  const access = await sealedSender.access(draft.to, createWork(context.view), via, context.now());
  if (access === null) return addressed(draft, parts, parts.map(unsealed), null);
  if (isTrouble(access)) return access;
  return addressed(draft, parts, await wrapped(performing, draft, parts, access), access.accessKey);
}

/**
 * Hands stored bytes over, one part per device: sealed where the other side takes that, else with my name on it. Where the server
 * does not take the access key it has delivered nothing, and the same bytes go again unsealed, once `named` has written that down.
 */
export async function handOver(
  performing: Performing,
  draft: Envelope,
  artifacts: readonly Stored[],
  ready: Promise<Prepared> = prepare(performing, draft, artifacts),
  named: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<HandedOver> {
  const prepared = await ready;
  if (prepared.kind !== 'letter') return { answer: prepared, sealed: false };
  const { context, sealedSender } = performing;
  const { to, accessKey } = prepared.letter.message;
  const answer = await transmit(performing, prepared.letter);
  if (accessKey === null) return { answer, sealed: false };
  if (answer.kind !== 'unauthorized') return { answer, sealed: true };
  sealedSender.denied(to, accessKey, context.now());
  context.log('sealed-sender-denied', {});
  if (!(await named())) return { answer: { kind: 'offline' }, sealed: false };
  const { parts } = prepared;
  const open = addressed(draft, parts, parts.map(unsealed), null);
  return { answer: open.kind === 'letter' ? await transmit(performing, open.letter) : open, sealed: false };
}

async function transmit({ context, service }: Performing, letter: Letter): Promise<SendAnswer> {
  const via = service();
  if (via === null) return { kind: 'offline' };
  await context.crashPoint('lane.before-wire-write');
  const answer = await via.send(letter);
  await context.crashPoint('lane.after-wire-write');
  return answer;
}

/** The guard throws; whatever else is thrown is a fault. */
function addressed(
  { to, sentAt, urgent, online = false }: Envelope,
  parts: readonly ToDevice[],
  messages: readonly DeviceMessage[],
  accessKey: Uint8Array | null,
): Extract<Prepared, { readonly kind: 'letter' | 'guarded' | 'damaged' }> {
  try {
    const letter = letterOf({ to, sentAt, parts: messages, accessKey, online, urgent });
    return { kind: 'letter', letter, parts };
  } catch (error) {
    if (error instanceof PlainsealError && error.kind === 'refused') return { kind: 'guarded' };
    throw error;
  }
}

/** Null when something stored does not read, or there is nothing to send. */
function readParts({ to }: Pick<Draft, 'to'>, artifacts: readonly Stored[]): readonly ToDevice[] | null {
  const parts: ToDevice[] = [];
  for (const stored of toHandOver(artifacts)) {
    const device = deviceOf(stored.to);
    const artifact = typeof stored.bytes === 'string' ? null : decodeArtifact(stored.bytes);
    if (device?.service !== to || artifact === null) return null;
    parts.push({ device, artifact });
  }
  return parts.length === 0 ? null : parts;
}

const unsealed = ({ device, artifact }: ToDevice): DeviceMessage => ({ device: device.device, ...artifact });

async function wrapped(
  { context, engine }: Performing,
  { hint }: Pick<Draft, 'hint'>,
  parts: readonly ToDevice[],
  { certificate }: Access,
): Promise<readonly DeviceMessage[]> {
  const work = createWork(context.view);
  const messages: DeviceMessage[] = [];
  for (const { device, artifact } of parts) {
    const bytes = await engine.wrap(artifact, device, certificate, hint, work);
    messages.push({ device: device.device, registrationId: artifact.registrationId, type: 'sealed', bytes });
  }
  return messages;
}
