import { assertNever } from '../../shared/assert.ts';
import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { Performing } from './performing.ts';

/** What Signal's page leads to once it was solved. What stands behind the scheme is what the server takes. */
const ANSWER = /^(?:signalcaptcha:\/\/)?(signal-[a-z0-9-]{1,40}\.[\x21-\x7e]{1,20000})$/iu;

/** What is asked for. */
const FIELD = 'captcha';

/** What a person pasted, as the server takes it; null for what is none. */
export function captchaIn(text: string): string | null {
  return ANSWER.exec(text.trim())?.[1] ?? null;
}

/**
 * Has the person answer the server's challenge (428): they solve it on Signal's own page, in their own browser, and paste the link it leads to.
 * Done at once where none stands.
 */
export async function* provePerson({
  challenge,
  service,
  context,
}: Pick<Performing, 'challenge' | 'service' | 'context'>): AsyncGenerator<
  FlowStep,
  null,
  FlowAnswer | undefined
> {
  let why: FlowFailure | null = null;
  while (challenge.until(context.now()) !== null) {
    const answer: FlowAnswer | undefined = yield {
      kind: 'ask',
      fields: [{ name: FIELD, secret: false, value: '' }],
      why,
    };
    const captcha = answer?.kind === 'fields' ? captchaIn(answer.values[FIELD] ?? '') : null;
    const via = service();
    if (captcha === null) why = 'code-malformed';
    else if (via === null) why = 'server-unreachable';
    else {
      yield { kind: 'progress', stage: 'asking' };
      const told = await challenge.answer(via, captcha);
      switch (told) {
        case 'done':
        case 'none':
          break;
        case 'refused':
          why = 'code-expired';
          break;
        case 'later':
          why = 'server-unreachable';
          break;
        default:
          return assertNever(told);
      }
    }
  }
  yield { kind: 'done', conversation: null, peer: null };
  return null;
}
