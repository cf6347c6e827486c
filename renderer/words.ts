import { kindOf } from '../shared/errors.ts';
import type { Settings } from '../shared/contract/settings.ts';
import type { Say } from '../shared/words/say.ts';
import { createWords, type Words } from '../shared/words/words.ts';

/** Dates look as the person's own English does; the words themselves are English. */
function region(): string {
  const language = globalThis.navigator?.language ?? '';
  return language.startsWith('en-') ? language : 'en-GB';
}

/** Everything Plainseal says, in the locale chosen. A live binding: read it while drawing, keep no copy. */
export let words: Words = createWords('en', { region: region() });

/** The sentence of an id, in the locale chosen. */
export const say: Say = (id, ...given) => words.say(id, ...given);

/** Changes the locale; the caller draws everything again. */
export function setLocale(locale: Settings['locale']): void {
  const name = locale === 'pseudo' ? 'pseudo' : 'en';
  if (name !== words.locale) words = createWords(name, { region: region() });
}

/** What is told of an act that failed; null where the person said no in the window that asked, which is an answer. */
export function faultOf(error: unknown): string | null {
  const kind = kindOf(error);
  return kind === 'refused' || kind === 'cancelled' ? null : words.error(kind).what;
}
