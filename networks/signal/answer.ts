import { assertNever } from '../../shared/assert.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { OutboxItem, ResealReason } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { forecastsOf } from './forecast.ts';
import type { HandedOver } from './hand-over.ts';
import { end, type Next } from './next.ts';
import { fail, finish, settleSent, withOutcome } from './outcome.ts';
import { afterTrouble, commit, later, unwritten, type Performing } from './performing.ts';
import type { How } from './seal.ts';
import type { SendAnswer } from './service/service.ts';

/** A device number is 1 to 127 (libsignal's DeviceId). */
const MAX_DEVICE = 127;
/** Devices of one account that are believed in; Signal allows six. */
const MAX_DEVICES = 20;

/** What follows from the server's answer to a send. */
export async function afterAnswer(
  performing: Performing,
  item: OutboxItem,
  handed: Extract<Next, { readonly do: 'hand-over' }>,
  { answer, sealed }: HandedOver,
): Promise<Next> {
  const { artifacts, draft } = handed;
  switch (answer.kind) {
    case 'sent':
      // What was under way when a challenge came says nothing of it.
      if (performing.challenge.until(performing.context.now()) === null) performing.challenge.passed();
      return end(await settleSent(performing, item, { draft, artifacts, sealed }));
    case 'mismatched':
      return resealFor(performing, item, handed, {
        reason: 'device-missing',
        devices: answer.missing,
        gone: answer.extra,
      });
    case 'stale':
      return resealFor(performing, item, handed, {
        reason: 'device-stale',
        devices: answer.devices,
        gone: [],
      });
    case 'unregistered':
      return end(await fail(performing, item, 'address-unknown', artifacts));
    case 'too-large':
      return end(await fail(performing, item, 'too-large', artifacts));
    case 'refused':
      performing.context.log('send-refused', { status: answer.status });
      return end(await fail(performing, item, 'refused-by-server', artifacts));
    case 'damaged':
      return end(await fail(performing, item, 'damaged', artifacts));
    case 'guarded':
      performing.context.log('guard-stopped', {});
      return end(await finish(performing, item, { to: 'held', hold: 'guard' }));
    case 'challenge':
      return end(unwritten(await challenged(performing, item, answer)));
    case 'unauthorized':
      return end(afterTrouble(performing, item, { kind: 'unlinked' }));
    case 'ambiguous':
      performing.context.log('handover-ambiguous', {});
      await finish(performing, item, { to: 'sealed', artifacts: withOutcome(artifacts, 'ambiguous') });
      return end(later(performing, item));
    case 'rate-limited':
      performing.context.log('handover-later', { why: answer.kind });
      return end(unwritten(afterTrouble(performing, item, answer)));
    // A fault of the server counts as one of these, and nobody knows how far it came.
    case 'offline':
    case 'unlinked':
    case 'expired':
      performing.context.log('handover-later', { why: answer.kind });
      return end(afterTrouble(performing, item, answer));
    default:
      return assertNever(answer);
  }
}

/**
 * The server names devices that came, went or were set up anew. Nothing was delivered: it takes a message for all devices or for none.
 * A list that names no device it could mean is not followed.
 */
function resealFor(
  performing: Performing,
  item: OutboxItem,
  { draft, artifacts }: Extract<Next, { readonly do: 'hand-over' }>,
  named: {
    readonly reason: ResealReason;
    readonly devices: readonly number[];
    readonly gone: readonly number[];
  },
): Next {
  const { own } = performing;
  const possible = (device: number): boolean =>
    Number.isInteger(device) &&
    device >= 1 &&
    device <= MAX_DEVICE &&
    !(draft.to === own.service && device === own.device);
  const devices = named.devices.filter(possible);
  const gone = named.gone.filter((device) => possible(device) && !devices.includes(device));
  performing.context.log('devices-changed', { devices: devices.length, gone: gone.length });
  if ((devices.length === 0 && gone.length === 0) || devices.length > MAX_DEVICES)
    return end(later(performing, item));
  const how: How = {
    renewed: false,
    reseal: { reason: named.reason, devices, gone, stored: withOutcome(artifacts, 'pending') },
  };
  // Sessions that are there, but not with the device as it is now, are replaced as well.
  return devices.length === 0 ? { do: 'seal', how } : { do: 'start-sessions', of: draft.to, devices, how };
}

/** The server wants to see a person: the conversation says so, and the item goes on by itself once that is over. */
async function challenged(
  performing: Performing,
  item: OutboxItem,
  challenge: Extract<SendAnswer, { readonly kind: 'challenge' }>,
): Promise<Performed> {
  const { context } = performing;
  const standing = performing.challenge;
  const until = (): Performed => {
    const retryAt = standing.until(context.now());
    return retryAt === null ? later(performing, item) : { kind: 'later', retryAt };
  };
  standing.demand(challenge);
  context.log('challenge', { options: challenge.options.length });
  if (!challenge.options.includes('captcha')) return until();
  const forecasts = await forecastsOf(performing, item, createWork(context.view), 'challenge');
  // It may be over already.
  if (forecasts.length === 0 || standing.until(context.now()) === null) return until();
  for (const { conversation } of forecasts) standing.stop(conversation);
  await commit(context, { ...emptyCommit, forecasts });
  return until();
}
