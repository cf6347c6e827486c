import type { ServiceId } from '../../crypto/signal/address.ts';
import type { IdentityKey, Sealed, SignalEngine } from '../../crypto/signal/engine.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { Stored } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';
import { destinationOf, encodeArtifact, type Artifact } from './artifact.ts';
import type { Draft } from './draft.ts';
import type { SentRecord } from './send-log.ts';

/** What was made for one device. `sealed`: null for a plaintext content, which nothing protects. */
export type Part = Artifact & {
  readonly device: number;
  readonly identity: IdentityKey;
  readonly sealed: Pick<Sealed, 'facts' | 'details'> | null;
};

/** Seals a draft for one device. `before`: what was sealed of it earlier, so that every device gets the same. */
export async function makePart(
  engine: SignalEngine,
  { to, what }: Draft,
  before: SentRecord | null,
  { device, registrationId }: { readonly device: number; readonly registrationId: number },
  work: Work,
  now: number,
): Promise<Part> {
  if (what.kind === 'plaintext') {
    const identity = await engine.identityOf(to, work);
    if (identity === null) throw new PlainsealError('internal', 'a session without an identity');
    return { device, type: 'plaintext', registrationId, bytes: what.content, identity, sealed: null };
  }
  const forAll = what.kind === 'content' ? (before?.content ?? what.content) : what.others;
  const content = what.kind === 'one-device' && what.device === device ? what.content : forAll;
  const { facts, details, ...sealed } = await engine.seal(content, { service: to, device }, work, now);
  return { device, ...sealed, sealed: { facts, details } };
}

/** As it is stored. */
export function storedOf(to: ServiceId, part: Part): Stored {
  return {
    to: destinationOf({ service: to, device: part.device }),
    identity: part.identity,
    bytes: encodeArtifact(part),
    outcome: 'pending',
  };
}
