import type { features, SendState } from '../contract/conversation.ts';
import type { NetworkId } from '../ids.ts';
import type { NoteCode } from '../lane/change.ts';
import type { FailureCode } from '../lane/intent.ts';
import type { About } from './label.ts';
import { nameInSentence } from './plain-name.ts';
import type { Say } from './say.ts';

/** What became of a message, rows that Plainseal states, what a network cannot do. */
export function messageWords(say: Say) {
  /** `Accepted by the mail server`, `Read`; no full stop: it stands beside a time. */
  function sendState(state: SendState, network: NetworkId): string {
    return state === 'sent' && network === 'email' ? say('send.sent.email') : say(`send.${state}`);
  }

  /** What happened, and what to do. */
  const failure = (code: FailureCode): { readonly what: string; readonly todo: string } => ({
    what: say(`failure.${code}`),
    todo: say(`failure.${code}.do`),
  });

  /** A row that Plainseal itself states: what happened, and what follows (null where nothing does). */
  function note(code: NoteCode, about: About): { readonly what: string; readonly todo: string | null } {
    const name = about.name === null ? say('name.them') : nameInSentence(about.name, say('name.none'));
    return {
      what: say(`note.${code}`, { name }),
      todo: code === 'checked' ? null : say(`note.${code}.do`, { name }),
    };
  }

  /** Why a thing is not offered in a conversation. */
  const cannot = (feature: (typeof features)[number]): string => say(`cannot.${feature}`);

  return { sendState, failure, note, cannot };
}
