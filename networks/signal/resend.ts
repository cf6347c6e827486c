import { encodeContent } from './codec/encode.ts';
import type { Composed, Composing } from './draft.ts';
import type { Errand } from './errand.ts';
import { readSent, writeSent } from './send-log.ts';

/** How often one content is given again to anybody (Signal Desktop's limit). */
export const MAX_RESENDS = 5;

/**
 * Gives a content once more to a device that could not open it. Only from the log, only to a device it was sealed for, and only
 * under the identity it was sealed for. Anybody may ask, so what is not to be had is answered with a null message where the
 * session was replaced (both sides need it to go on), and with nothing where it was not.
 */
export async function composeResend(
  composing: Composing,
  { to, sentAt, ratchetKey }: Extract<Errand, { readonly op: 'resend' }>,
): Promise<Composed> {
  const { engine, work, now, sealed, renewed } = composing;
  if (ratchetKey !== null && (await engine.isCurrentRatchet(to, ratchetKey, work)))
    return { kind: 'renew', to };
  const kept = await readSent(work, to.service, sentAt, now);
  const identity = await engine.identityOf(to.service, work);
  const allowed =
    kept !== null &&
    kept.identity === identity &&
    kept.devices.includes(to.device) &&
    (sealed || kept.resends < MAX_RESENDS);
  if (!allowed && !renewed && !sealed) return { kind: 'void', enqueue: [] };
  if (allowed && !sealed)
    await writeSent(work, to.service, sentAt, { ...kept, resends: kept.resends + 1 }, now);
  const others = encodeContent({ kind: 'null-message' });
  return {
    kind: 'draft',
    draft: {
      to: to.service,
      sentAt,
      what: { kind: 'one-device', device: to.device, content: allowed ? kept.content : others, others },
      hint: allowed ? kept.hint : 'implicit',
      urgent: false,
      keptMs: null,
      told: null,
      enqueue: [],
    },
  };
}
