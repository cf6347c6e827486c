import { assertNever } from '../assert.ts';
import type { Standing } from '../label/floor.ts';
import type { Holder, HoldReason, Trust } from '../label/facts.ts';
import type { Label, Readers } from '../label/label.ts';
import { nameInSentence } from './plain-name.ts';
import type { Say } from './say.ts';
import type { timeWords } from './time.ts';

/** Whom a sentence names: the other side of a direct conversation, as they call themselves; null in a group. */
export type About = { readonly name: string | null };

/** Most holders a sentence names; the details name all. */
const MAX_HOLDERS = 3;

/** The label in words, the same in row, header, composer, notification, details and export. */
export function labelWords(say: Say, time: ReturnType<typeof timeWords>) {
  const plain = (name: string | null): string => nameInSentence(name ?? '', say('name.none'));

  /** Only a checked identity may be named as the only reader: otherwise the sentence would claim more than is known. */
  const isChecked = (label: Label, about: About): boolean =>
    about.name !== null && label.identity.kind === 'one' && label.identity.trust.kind === 'checked';

  /** The line in header and composer: `Only you and Alice can read this.`, `Private, with limits.`, `Northmail can read this.` */
  function readersSentence(label: Label, about: About): string {
    switch (label.readers.kind) {
      case 'members':
        return isChecked(label, about)
          ? say('label.only-you-and', { name: plain(about.name) })
          : say('label.members');
      case 'members-limited':
        return say('label.limited');
      case 'provider':
        return say('label.provider', { who: holdersName(label.readers.who) });
      case 'unknown':
        return say('label.unknown');
      default:
        return assertNever(label.readers);
    }
  }

  /** The same for a list row, without full stop. */
  function readersShort(label: Label, about: About): string {
    switch (label.readers.kind) {
      case 'members':
        return isChecked(label, about)
          ? say('label.only-you-and.short', { name: plain(about.name) })
          : say('label.members.short');
      case 'members-limited':
        return say('label.limited.short');
      case 'provider':
        return say('label.provider.short', { who: holdersName(label.readers.who) });
      case 'unknown':
        return say('label.unknown.short');
      default:
        return assertNever(label.readers);
    }
  }

  /** What keeps it from being fully private, the gravest first; for `unknown`, what is not known. Empty otherwise. */
  function limitSentences(readers: Readers): readonly string[] {
    if (readers.kind === 'unknown') return readers.missing.map((fact) => say(`missing.${fact}`));
    if (readers.kind !== 'members-limited') return [];
    const exposed = readers.exposed ?? [];
    return readers.limits.flatMap((code) => {
      if (code !== 'exposed') return [say(`limit.${code}`)];
      if (exposed.length === 0) return [say('limit.exposed', { what: say('exposed.something') })];
      return exposed.map((what) => say('limit.exposed', { what: say(`exposed.${what}`) }));
    });
  }

  /** `Northmail`, `Northmail and Postbox`, `Northmail, Postbox and 4 others`. */
  function holdersName(who: readonly Holder[]): string {
    const names = who.map((holder) => nameInSentence(holder.name, say('name.provider.none')));
    if (names.length === 0) return say('name.provider.none');
    const shown = names.slice(0, names.length > MAX_HOLDERS ? MAX_HOLDERS - 1 : MAX_HOLDERS);
    const others = names.length - shown.length;
    return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(
      others === 0 ? shown : [...shown, say('name.others', { count: others })],
    );
  }

  function trustSentence(trust: Trust): string {
    switch (trust.kind) {
      case 'checked':
        return say(`identity.checked.${trust.by}`, { date: time.date(trust.at) });
      case 'unchecked':
        return say('identity.unchecked');
      case 'changed':
        return trust.wasChecked
          ? say('identity.changed', { date: time.date(trust.at) })
          : say('identity.changed-never-checked', { date: time.date(trust.at) });
      default:
        return assertNever(trust);
    }
  }

  /** Is it really them: `Checked with a code on 3 March 2026.`, `Not checked yet.`, `4 of 6 people checked.` */
  function identitySentence(label: Label): string {
    const { identity } = label;
    if (identity.kind === 'one') return trustSentence(identity.trust);
    const counted =
      identity.checked === 0
        ? say('identity.group.none')
        : say('identity.group', { checked: identity.checked, of: identity.of });
    return identity.changed === 0
      ? counted
      : `${say('identity.group.changed', { count: identity.changed })} ${counted}`;
  }

  /** The cause of a stop: `Jonas’s key changed.` */
  function stoppedCause(why: HoldReason, about: About): string {
    if (why !== 'identity-changed' && why !== 'no-key' && why !== 'fork') return say(`stopped.${why}`);
    return about.name === null
      ? say(`stopped.${why}.group`)
      : say(`stopped.${why}`, { name: plain(about.name) });
  }

  /** Below which floor a conversation stands: `You allow nothing below “Private, with limits” for Jonas.` */
  function floorCause({ least, from }: Standing, about: About): string {
    const floor = say(`floor.${least}`);
    if (from === 'everybody') return say('floor.stopped', { floor });
    return about.name === null
      ? say('floor.stopped.group', { floor })
      : say('floor.stopped.person', { floor, name: plain(about.name) });
  }

  /** `Stopped. Jonas’s key changed. Nothing is sent until you look.`; null while sending is open. */
  function stoppedSentence(label: Label, about: About): string | null {
    return label.sending.ok ? null : say('stopped.full', { cause: stoppedCause(label.sending.why, about) });
  }

  /** In a row: `Stopped. Jonas’s key changed`; null while sending is open. */
  function stoppedShort(label: Label, about: About): string | null {
    if (label.sending.ok) return null;
    return say('stopped.short', { cause: stoppedCause(label.sending.why, about).replace(/\.$/, '') });
  }

  /** What a stop means, for the panel in place of the composer. */
  const stoppedMeaning = (why: HoldReason, about: About): string =>
    why === 'fork' && about.name === null ? say('stopped.fork.meaning.group') : say(`stopped.${why}.meaning`);

  /** `E-mail · OpenPGP`, `E-mail · no encryption`, `Test network · E-mail · OpenPGP`. */
  function routeName(label: Pick<Label, 'network' | 'protocol' | 'testNetwork'>): string {
    return say(label.testNetwork ? 'route.test' : 'route.name', {
      network: say(`network.${label.network}`),
      protocol: say(`protocol.${label.protocol}`),
    });
  }

  /** The whole label as one line, for notifications, exports and screen readers: stopped first, never in place of the readers. */
  function labelLine(label: Label, about: About): string {
    return [
      stoppedSentence(label, about),
      readersSentence(label, about),
      ...limitSentences(label.readers).slice(0, label.readers.kind === 'members-limited' ? 1 : 0),
      identitySentence(label),
      `${routeName(label)}.`,
    ]
      .filter((part) => part !== null)
      .join(' ');
  }

  return {
    readersSentence,
    readersShort,
    limitSentences,
    holdersName,
    trustSentence,
    identitySentence,
    stoppedCause,
    floorCause,
    stoppedSentence,
    stoppedShort,
    stoppedMeaning,
    routeName,
    labelLine,
  };
}
