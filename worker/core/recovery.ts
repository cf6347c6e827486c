import { kindOf } from '../../shared/errors.ts';
import type { ConfirmTrouble } from '../../shared/shell/host.ts';
import type { KeyHeader } from '../../storage/key-header.ts';
import type { ProfileInfo } from '../../storage/profile.ts';
import { newPhrase, unwrapWithPhrase, wordsTyped } from '../../storage/recovery-phrase.ts';
import type { Lost } from './keyring.ts';
import type { Ask, AskOr } from './question.ts';

/** Asks for the recovery phrase until it opens the key; null when the person takes another way. */
export async function recovering(
  profile: ProfileInfo,
  header: KeyHeader,
  lost: Lost | null,
  ask: (question: Parameters<Ask>[0]) => Promise<string | null>,
): Promise<Uint8Array | null> {
  const question = { kind: 'recover-profile', facts: lost?.facts ?? {}, secret: 'phrase' } as const;
  let typed = await ask(lost === null ? question : { ...question, trouble: lost.why });
  while (typed !== null) {
    try {
      return unwrapWithPhrase(header, typed, profile);
    } catch (error) {
      typed = await ask({ ...question, trouble: troubleOf(error) });
    }
  }
  return null;
}

function troubleOf(error: unknown): ConfirmTrouble {
  switch (kindOf(error)) {
    case 'bad-request':
      return 'no-phrase';
    case 'wrong-key':
      return 'wrong-phrase';
    default:
      throw error;
  }
}

/** A new phrase that the person has on paper: shown, and typed back. */
export async function writtenPhrase(ask: Ask, askOr: AskOr): Promise<string> {
  const phrase = newPhrase();
  const again = { kind: 'type-phrase', facts: {}, secret: 'phrase', way: 'show-again' } as const;
  for (;;) {
    await ask({ kind: 'phrase-shown', facts: { phrase } });
    let typed = await askOr(again);
    while (typed !== null) {
      if (wordsTyped(typed).join(' ') === phrase) return phrase;
      typed = await askOr({ ...again, trouble: 'other-phrase' });
    }
  }
}
