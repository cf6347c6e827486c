import type { ErrorKind } from '../errors.ts';
import type { FlowFailure } from '../lane/flow.ts';
import type { ConfirmKind, ConfirmQuestion } from '../shell/host.ts';
import { plainName, nameInSentence } from './plain-name.ts';
import type { Say } from './say.ts';

/** Flows whose failures can be said more exactly than in general. */
export type FlowPlace = 'signal-link' | 'signal-chat' | 'signal-person' | 'nostr-add' | 'nostr-chat';

const exact = [
  'signal-link.server-unreachable',
  'signal-link.code-expired',
  'signal-link.not-possible',
  'signal-chat.server-unreachable',
  'signal-chat.address-malformed',
  'signal-chat.no-key',
  'signal-chat.proof-failed',
  'signal-person.code-malformed',
  'signal-person.code-expired',
  'signal-person.server-unreachable',
  'nostr-add.server-unreachable',
  'nostr-add.not-possible',
  'nostr-add.certificate-refused',
  'nostr-relay.server-unreachable',
  'nostr-relay.certificate-refused',
  'nostr-relay.tls-required',
  'nostr-relay.address-malformed',
  'nostr-relay.test-profile-only',
  'nostr-relay.not-possible',
  'nostr-chat.server-unreachable',
  'nostr-chat.address-malformed',
  'nostr-chat.no-key',
] as const;

/** Errors, flows that failed, and what the shell's own window asks. */
export function troubleWords(say: Say) {
  const error = (kind: ErrorKind): { readonly what: string; readonly todo: string } => ({
    what: say(`error.${kind}`),
    todo: say(`error.${kind}.do`),
  });

  const flowFailure = (
    code: FlowFailure,
    place: FlowPlace | null = null,
    of = '',
  ): { readonly what: string; readonly means: string; readonly todo: string } => {
    // Of the relays that were named one, as it was typed.
    const at = place === 'nostr-add' && of !== '' ? 'nostr-relay' : place;
    const id = exact.find((each) => each === `${at}.${code}`) ?? code;
    const relay = nameInSentence(of, say('name.none'));
    return {
      what: say(`flow.${id}.what`, { relay }),
      means: say(`flow.${id}.means`),
      todo: say(`flow.${id}.do`),
    };
  };

  /** The question of the shell's own window. `facts` of the question are shown beside it as quoted text, not by this. */
  function confirmQuestion(question: Pick<ConfirmQuestion, 'kind' | 'facts'>): {
    readonly title: string;
    readonly means: string;
    readonly yes: string;
    readonly no: string;
  } {
    const kind: ConfirmKind = question.kind;
    const name = nameInSentence(question.facts['name'] ?? '', say('name.them'));
    return {
      title: say(`confirm.${kind}`, { name }),
      means: say(`confirm.${kind}.means`),
      yes: say(`confirm.${kind}.yes`),
      no: say('confirm.no'),
    };
  }

  return { error, flowFailure, confirmQuestion, plainName };
}
