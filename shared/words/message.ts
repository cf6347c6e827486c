import type { FeatureLimit, features, SendState } from '../contract/conversation.ts';
import type { NotePeople } from '../contract/message.ts';
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

  const other = (name: string): string => nameInSentence(name, say('name.none'));

  /** `Alice, Bob and 3 others`, without me. */
  function peopleName({ people, others }: NotePeople): string {
    const names = people.flatMap((each) => (each.me ? [] : [other(each.name)]));
    return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(
      others === 0 ? names : [...names, say('name.others', { count: others })],
    );
  }

  /** The sentence of a group: who did what to whom. */
  function groupNote(code: GroupCode, who: NotePeople): string {
    const { by } = who;
    if (code === 'group-renamed') {
      if (by === null) return say('note.group-renamed');
      return by.me ? say('note.group-renamed.by-you') : say('note.group-renamed.by', { by: other(by.name) });
    }
    const name = peopleName(who);
    const you = who.people.some(({ me }) => me);
    if (code === 'member-left') return you ? say('note.member-left.you') : say('note.member-left', { name });
    if (by === null) return you ? say(`note.${code}.you`) : say(`note.${code}`, { name });
    if (by.me) return say(`note.${code}.by-you`, { name });
    const done = { by: other(by.name) };
    return you ? say(`note.${code}.by.you`, done) : say(`note.${code}.by`, { ...done, name });
  }

  /**
   * A row that Plainseal itself states: what happened, and what follows (null where nothing does). `who`: of a group, whom it
   * names and who did it.
   */
  function note(
    code: NoteCode,
    about: About,
    who: NotePeople = nobody,
  ): { readonly what: string; readonly todo: string | null } {
    const name = about.name === null ? say('name.them') : other(about.name);
    switch (code) {
      case 'group-renamed':
      case 'member-joined':
      case 'member-left':
      case 'member-removed':
      case 'member-promoted':
      case 'member-demoted':
        return { what: groupNote(code, who), todo: null };
      case 'member-not-added':
        return { what: say(`note.${code}`, { name: peopleName(who) }), todo: say(`note.${code}.do`) };
      case 'member-not-invited':
        return {
          what: say(`note.${code}`, { name: peopleName(who) }),
          todo: say(about.name === null ? `note.${code}.do` : `note.${code}.do.chat`),
        };
      case 'new-device': {
        const whose = who.people.length === 0 ? name : peopleName(who);
        return who.people.some(({ me }) => me)
          ? { what: say('note.new-device.you'), todo: say('note.new-device.you.do') }
          : { what: say(`note.${code}`, { name: whose }), todo: say(`note.${code}.do`) };
      }
      case 'not-opened':
        // In a group nobody can say whose it was; it may have been my own.
        return {
          what: say(`note.${code}`),
          todo: about.name === null ? say('note.not-opened.do.group') : say(`note.${code}.do`, { name }),
        };
      case 'checked':
        return { what: say(`note.${code}`, { name }), todo: null };
      case 'group-made':
        return { what: say(`note.${code}`), todo: null };
      default:
        return { what: say(`note.${code}`, { name }), todo: say(`note.${code}.do`, { name }) };
    }
  }

  /** The names of others in a note, as they were given to the words, for those who draw them in another voice. */
  const namesIn = (about: About, who: NotePeople = nobody): readonly string[] => [
    ...(about.name === null ? [] : [about.name]),
    ...[who.by, ...who.people].flatMap((each) => (each === null || each.me ? [] : [each.name])),
  ];

  /** Why a thing is not offered in a conversation. */
  const cannot = (feature: (typeof features)[number]): string => say(`cannot.${feature}`);

  /** Why a thing that the network can do is not mine to do now. */
  const limit = (code: FeatureLimit): string => say(`can.${code}`);

  return { sendState, failure, note, namesIn, cannot, limit };
}

const nobody: NotePeople = { people: [], others: 0, by: null };

type GroupCode =
  'group-renamed' | 'member-joined' | 'member-left' | 'member-removed' | 'member-promoted' | 'member-demoted';
