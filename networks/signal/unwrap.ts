import type { Refusal, SignalEnvelope, Unsealed } from '../../crypto/signal/engine.ts';
import type { Reception } from './receiving.ts';
import type { Delivery } from './service/service.ts';

/** A delivery with its outermost wrapper off. */
export type Unwrapped = { readonly delivery: Delivery } & (
  | { readonly kind: 'unsealed'; readonly unsealed: Unsealed }
  | { readonly kind: 'receipt'; readonly receipt: NonNullable<Delivery['receipt']> }
  | { readonly kind: 'refused'; readonly why: Refusal }
  | { readonly kind: 'malformed' }
  /** It has ended two runs already. `claimed`: by whom it says it is. */
  | { readonly kind: 'deadly'; readonly claimed: Pick<Unsealed, 'from' | 'sentAt'> | null }
);

/**
 * Takes the wrapper off a delivery. Reads only my own keys, so that it can run ahead of what is being committed. After a run that
 * died the delivery is marked first, and one that has ended two runs is not touched again.
 */
export async function unwrap(
  { context, engine }: Pick<Reception, 'context' | 'engine'>,
  delivery: Delivery,
): Promise<Unwrapped> {
  const { envelope, receipt, malformed } = delivery;
  if (context.careful && (await context.mark(delivery.key)) === 'quarantine')
    return { delivery, kind: 'deadly', claimed: claimedBy(envelope) };
  if (receipt !== null) return { delivery, kind: 'receipt', receipt };
  if (malformed || envelope === null) return { delivery, kind: 'malformed' };
  try {
    const unsealed = await engine.unseal(envelope);
    return 'kind' in unsealed
      ? { delivery, kind: 'refused', why: unsealed.why }
      : { delivery, kind: 'unsealed', unsealed };
  } catch (error) {
    context.log('unseal-fault', { error: error instanceof Error ? error.name : 'unknown' });
    return { delivery, kind: 'malformed' };
  }
}

function claimedBy(envelope: SignalEnvelope | null): Pick<Unsealed, 'from' | 'sentAt'> | null {
  if (envelope === null || envelope.source === null) return null;
  return { from: envelope.source, sentAt: envelope.sentAt };
}
