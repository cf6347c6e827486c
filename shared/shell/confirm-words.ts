import { floors } from '../label/floor.ts';
import { WRITTEN_KEY } from '../lane/key.ts';
import { nameInSentence, plainName } from '../words/plain-name.ts';
import { createSay, type LocaleName, type Say } from '../words/say.ts';
import type { ConfirmText } from './confirm-page.ts';
import type { ConfirmKind, ConfirmQuestion } from './host.ts';

/** Facts shown as rows of their own, by their name in the question. */
const rowFacts = [
  'address',
  'fingerprint',
  'file',
  'key',
  'keyring',
  'keyring-now',
  'before',
  'after',
] as const;
const rowNames = {
  address: 'confirm.address',
  fingerprint: 'confirm.fingerprint',
  file: 'confirm.file',
  key: 'confirm.key',
  keyring: 'confirm.keyring',
  'keyring-now': 'confirm.keyring-now',
  before: 'confirm.floor.before',
  after: 'confirm.floor.after',
} as const;
const secretNames = {
  passphrase: 'confirm.passphrase',
  'new-passphrase': 'confirm.new-passphrase',
  'key-text': 'confirm.key-text',
  phrase: 'confirm.phrase',
} as const;

function titleOf(say: Say, kind: ConfirmKind, name: string): string {
  switch (kind) {
    case 'export-key':
    case 'import-key':
    case 'bring-key':
    case 'reveal-key':
    case 'key-revealed':
    case 'open-profile':
    case 'set-passphrase':
    case 'change-passphrase':
    case 'remove-passphrase':
    case 'make-phrase':
    case 'replace-phrase':
    case 'phrase-shown':
    case 'type-phrase':
    case 'recover-profile':
    case 'profile-stuck':
    case 'lower-floor-for-all':
      return say(`confirm.${kind}`);
    default:
      return say(`confirm.${kind}`, { name });
  }
}

/** Where nothing is open yet, no is the way out; what need not be now can be later. */
function noOf(kind: ConfirmKind): 'confirm.no' | 'confirm.later' | 'confirm.close' {
  switch (kind) {
    case 'key-revealed':
      return 'confirm.later';
    case 'open-profile':
    case 'recover-profile':
    case 'profile-stuck':
      return 'confirm.close';
    default:
      return 'confirm.no';
  }
}

/** What is compared or written down is longer than a name, and is never cut. A floor is a code of ours. */
function shown(say: Say, fact: (typeof rowFacts)[number], value: string): string {
  if (fact === 'before' || fact === 'after') {
    const floor = floors.find((each) => each === value);
    return floor ? say(`floor.${floor}`) : '';
  }
  return fact !== 'file' && WRITTEN_KEY.test(value) ? value : plainName(value);
}

/** What the shell's window says to a question. Facts are data of others: shown plain, as values, never as part of what Plainseal states beyond the name. */
export function confirmText(question: ConfirmQuestion, locale: LocaleName = 'en'): ConfirmText {
  const say = createSay(locale, 'en-GB');
  const { kind, facts, secret, trouble, way } = question;
  return {
    title: titleOf(say, kind, nameInSentence(facts.name ?? facts.address ?? '')),
    means: say(`confirm.${kind}.means`),
    rows: rowFacts.flatMap((fact) => {
      const value = facts[fact];
      return value === undefined ? [] : [{ name: say(rowNames[fact]), value: shown(say, fact, value) }];
    }),
    yes: say(`confirm.${kind}.yes`),
    words: facts.phrase?.split(' ') ?? [],
    no: say(noOf(kind)),
    way: way ? say(`confirm.way.${way}`) : null,
    secretName: secret ? say(secretNames[secret]) : null,
    repeatName: say('confirm.repeat'),
    trouble: trouble ? say(`confirm.trouble.${trouble}`) : null,
  };
}
