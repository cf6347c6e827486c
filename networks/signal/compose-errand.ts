import type { ServiceId } from '../../crypto/signal/address.ts';
import { assertNever } from '../../shared/assert.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import { encodeContent } from './codec/encode.ts';
import { isAci } from './codec/service-id.ts';
import { failed, type Composed, type Composing, type Draft } from './draft.ts';
import { errandIntent, readErrand, type Errand } from './errand.ts';
import { messageNameOf } from './names.ts';
import { readPeer, writePeer } from './peer-record.ts';
import { readBlocked, readPhoneSettings, writeBlocked } from './phone-record.ts';
import { composeResend } from './resend.ts';
import { forgetSent, SENT_FOR_MS } from './send-log.ts';

type Of<K extends Intent['what']['kind']> = Extract<Intent['what'], { readonly kind: K }>;

/** What nobody waits for: no phone is woken for it, and my other devices are not told. */
const quiet = { urgent: false, told: null, enqueue: [] } as const;

/**
 * A receipt: the author is told where the intent says so, my other devices are always told what I read. A receipt for somebody
 * else's messages than the other side's goes nowhere.
 */
export async function composeReceipt(
  { own, work }: Composing,
  to: ServiceId,
  { sentAt }: Intent,
  { of, as, tell }: Of<'receipt'>,
): Promise<Composed> {
  const names = of.flatMap((key) => messageNameOf(key, own.service) ?? []);
  const theirs = names.filter(({ author }) => author !== own.service && isAci(author));
  const told = theirs.length > 0 && as === 'read';
  const content = told ? encodeContent({ kind: 'sync-read', of: theirs }) : null;
  const enqueue =
    content === null ? [] : [errandIntent({ op: 'sync-read', content, forget: null, endsAt: null }, sentAt)];
  const times = names.filter(({ author }) => author === to).map((name) => name.sentAt);
  // Read receipts are a switch of the whole account: what my phone says counts here too.
  const allowed = as !== 'read' || (await readPhoneSettings(work)).readReceipts !== false;
  if (!tell || !allowed || to === own.service || times.length === 0) return { kind: 'void', enqueue };
  return {
    kind: 'draft',
    draft: {
      ...quiet,
      to,
      sentAt,
      what: { kind: 'content', content: encodeContent({ kind: 'receipt', as, of: times }) },
      hint: 'resendable',
      keptMs: SENT_FOR_MS,
      enqueue,
    },
  };
}

/** What the protocol sends by itself. */
export async function composeErrand(
  composing: Composing,
  { sentAt }: Intent,
  what: Of<'protocol'>,
): Promise<Composed> {
  const errand = readErrand(what);
  if (errand === null) return failed('damaged');
  const draft = (more: Pick<Draft, 'to' | 'what' | 'hint' | 'keptMs'>): Composed => ({
    kind: 'draft',
    draft: { ...quiet, sentAt, ...more },
  });
  switch (errand.op) {
    case 'transcript':
    case 'sync-read':
    case 'sync-request':
    case 'sync-verified':
    case 'sync-answer': {
      const { content, forget, endsAt } = errand;
      const to = composing.own.service;
      const left = endsAt === null ? SENT_FOR_MS : endsAt - composing.now;
      // The message is over: nobody is told of it any more.
      if (left <= 0 && !composing.sealed) return { kind: 'void', enqueue: [] };
      if (forget !== null) await forgetSent(composing.work, to, forget);
      const keptMs = Math.max(0, Math.min(SENT_FOR_MS, left));
      return draft({ to, what: { kind: 'content', content }, hint: 'resendable', keptMs });
    }
    case 'retry-request': {
      const { to, content } = errand;
      // A device that gets what is meant for another leaves it alone: it names the device that sealed the message.
      return draft({
        to: to.service,
        what: { kind: 'plaintext', content },
        hint: 'default',
        keptMs: null,
      });
    }
    case 'accepted':
    case 'blocked':
      return draft({ ...(await composeAnswer(composing, errand)), hint: 'resendable', keptMs: SENT_FOR_MS });
    case 'resend':
      return composeResend(composing, errand);
    case 'deleted':
      // It goes to nobody: performing it is all there is (perform.ts).
      return { kind: 'void', enqueue: [] };
    default:
      return assertNever(errand);
  }
}

/** Tells my other devices, the phone among them, whom I accepted or blocked here. What this lane knows of them says the same. */
async function composeAnswer(
  { own, work }: Composing,
  { op, service }: Extract<Errand, { readonly op: 'accepted' | 'blocked' }>,
): Promise<Pick<Draft, 'to' | 'what'>> {
  const others = (await readBlocked(work)).filter((each) => each !== service);
  writeBlocked(work, op === 'blocked' ? [...others, service] : others);
  const peer = await readPeer(work, service);
  if (op === 'accepted' && peer !== null) writePeer(work, service, { ...peer, accepted: true });
  const answer = op === 'blocked' ? 'block' : 'accept';
  const content = encodeContent({ kind: 'sync-request-response', service, answer });
  return { to: own.service, what: { kind: 'content', content } };
}
