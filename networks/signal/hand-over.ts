import type { Device } from '../../crypto/signal/address.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { Stored } from '../../shared/lane/intent.ts';
import { createWork } from '../../shared/lane/work.ts';
import { decodeArtifact, deviceOf, toHandOver, type Artifact } from './artifact.ts';
import type { Draft } from './draft.ts';
import { isTrouble, type Performing } from './performing.ts';
import type { Access } from './sealed-sender.ts';
import type { DeviceMessage, SendAnswer, SignalService, Trouble } from './service/service.ts';

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
  | { readonly kind: 'open'; readonly parts: readonly ToDevice[] }
  | {
      readonly kind: 'wrapped';
      readonly parts: readonly ToDevice[];
      readonly access: Access;
      readonly messages: readonly DeviceMessage[];
    }
  | { readonly kind: 'damaged' }
  | Trouble;

/** Makes the wrappers of one attempt: sealed where the other side takes that. May ask the server for my certificate. */
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
  if (access === null) return { kind: 'open', parts };
  if (isTrouble(access)) return access;
  return { kind: 'wrapped', parts, access, messages: await wrapped(performing, draft, parts, access) };
}

/**
 * Hands stored bytes over, one part per device: sealed where the other side takes that, else with my name on it. Where the server
 * does not take the access key it has delivered nothing, and the same bytes go again unsealed.
 */
export async function handOver(
  performing: Performing,
  draft: Envelope,
  artifacts: readonly Stored[],
  ready: Promise<Prepared> = prepare(performing, draft, artifacts),
): Promise<HandedOver> {
  const { context, sealedSender } = performing;
  const prepared = await ready;
  if (prepared.kind !== 'open' && prepared.kind !== 'wrapped') return { answer: prepared, sealed: false };
  const via = performing.service();
  if (via === null) return { answer: { kind: 'offline' }, sealed: false };
  const { parts } = prepared;
  if (prepared.kind === 'wrapped') {
    const { access, messages } = prepared;
    const answer = await transmit(performing, via, draft, messages, access);
    if (answer.kind !== 'unauthorized') return { answer, sealed: true };
    sealedSender.denied(draft.to, access.accessKey, context.now());
    context.log('sealed-sender-denied', {});
  }
  return { answer: await transmit(performing, via, draft, parts.map(unsealed), null), sealed: false };
}

async function transmit(
  { context }: Performing,
  via: SignalService,
  { to, sentAt, urgent, online }: Envelope,
  parts: readonly DeviceMessage[],
  access: Access | null,
): Promise<Answer> {
  await context.crashPoint('lane.before-wire-write');
  const accessKey = access?.accessKey ?? null;
  const answer = await via
    .send({ to, sentAt, parts, accessKey, online: online ?? false, urgent })
    .catch(guarded);
  await context.crashPoint('lane.after-wire-write');
  return answer;
}

/** The guard throws; whatever else is thrown is a fault. */
function guarded(error: unknown): Answer {
  if (error instanceof PlainsealError && error.kind === 'refused') return { kind: 'guarded' };
  throw error;
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
