import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { Hint } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { destinationOf, encodeArtifact } from './artifact.ts';
import { encodeContent } from './codec/encode.ts';
import { handOver } from './hand-over.ts';
import { serviceOfConversation } from './names.ts';
import { commit, type Performing } from './performing.ts';
import { readPhoneSettings } from './phone-record.ts';
import { sealable } from './sessions.ts';

/** Signal's programs say again so often that somebody still types, and forget after fifteen seconds without. */
export const TYPING_EVERY_MS = 10_000;
const FORGOTTEN_AFTER_MS = 15_000;
/** Service ids remembered. */
const MAX_REMEMBERED = 200;

/** Tells others that I type. Never kept, never repeated, and never a reason to start a session. */
export interface TypingHints {
  hint(performing: Performing, hint: Hint): Promise<void>;
}

export function createTypingHints(): TypingHints {
  const told = new Map<ServiceId, { readonly on: boolean; readonly at: Millis }>();

  /** Whether it is news to the other side. */
  function isNews(to: ServiceId, on: boolean, now: Millis): boolean {
    const last = told.get(to);
    const ago = last === undefined ? Infinity : now - last.at;
    if (on ? last?.on === true && ago < TYPING_EVERY_MS : last?.on !== true || ago > FORGOTTEN_AFTER_MS)
      return false;
    told.delete(to);
    told.set(to, { on, at: now });
    const [oldest] = told.keys();
    if (told.size > MAX_REMEMBERED && oldest !== undefined) told.delete(oldest);
    return true;
  }

  return {
    async hint(performing, { conversation, on }) {
      const { context, own } = performing;
      const to = serviceOfConversation(context.account, conversation);
      const now = context.now();
      if (to === null || to === own.service || performing.challenge.until(now) !== null) return;
      if (performing.service() === null || !isNews(to, on, now)) return;
      const artifacts = await seal(performing, to, on, now);
      // Nothing was said after all.
      if (artifacts.length === 0) return void told.delete(to);
      const draft = { to, sentAt: now, hint: 'implicit', urgent: false, online: true } as const;
      const { answer } = await handOver(performing, draft, artifacts);
      if (answer.kind !== 'sent') context.log('typing-not-sent', { why: answer.kind });
    },
  };
}

/** Seals for the devices there are sessions with; empty where there is none, one of them would need a new one, or nobody is to be told. */
function seal(performing: Performing, to: ServiceId, on: boolean, now: Millis) {
  const { context, engine, withLocks } = performing;
  return withLocks([to], async () => {
    const work = createWork(context.view);
    // A switch of the whole account, as my phone has it.
    if ((await readPhoneSettings(work)).typing === false) return [];
    const { ready, without } = await sealable(performing, to, work, now);
    if (without.length > 0) return [];
    const content = encodeContent({ kind: 'typing', on, at: now });
    const artifacts = [];
    for (const { device } of ready) {
      const { identity, ...sealed } = await engine.seal(content, { service: to, device }, work, now);
      artifacts.push({
        to: destinationOf({ service: to, device }),
        identity,
        bytes: encodeArtifact(sealed),
        outcome: 'pending' as const,
      });
    }
    const result = await commit(context, { ...emptyCommit, work: work.writes() });
    return result.ok ? artifacts : [];
  });
}
